"""Who of a rotation is never on call, found by going through one whole cycle of turns and hours."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalator.model.schedule import Hours, Layer, RotationUnit, Schedule
from escalator.schedules.never_on_call import never_on_call
from escalator.schedules.oncall import on_call

MADRID = ZoneInfo("Europe/Madrid")
WEEK = ("mia", "tom", "wes", "tia", "fay", "sam", "sue")
OFFICE = Hours("office", time(9), time(18), frozenset(range(5)), MADRID)
HOURS = {
    "office": OFFICE,
    "weekdays": replace(OFFICE, key="weekdays", start=time(0), end=time(0)),
    "weekend": replace(OFFICE, key="weekend", start=time(0), end=time(0), weekdays=frozenset({5, 6})),
    "tokyo": Hours("tokyo", time(8), time(9), frozenset(range(7)), ZoneInfo("Asia/Tokyo")),
}
DAILY = Layer(WEEK, RotationUnit.DAYS, date(2026, 1, 5), time(9), hours="office")


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param([DAILY], ("sam", "sue"), id="seven by the day in a week of five days"),
        pytest.param([replace(DAILY, hours="weekdays")], ("sam",), id="who begins on Sunday has Monday until nine"),
        pytest.param([replace(DAILY, hours="weekdays", handover=time(0))], ("sam", "sue"), id="whole days"),
        pytest.param([replace(DAILY, people=WEEK[:6])], (), id="six come to every day of the week in time"),
        pytest.param([replace(DAILY, people=WEEK * 2)], ("sam", "sue"), id="the same seven twice"),
        pytest.param([replace(DAILY, hours=None)], (), id="without hours everybody"),
        pytest.param([replace(DAILY, hours="unknown")], (), id="hours that are unknown are open"),
        pytest.param([replace(DAILY, turn=RotationUnit.WEEKS, day=0)], (), id="by the week everybody"),
        pytest.param([replace(DAILY, turn=RotationUnit.MONTHS, day=1)], (), id="by the month everybody"),
        pytest.param(
            [replace(DAILY, people=("day", "night"), turn=RotationUnit.HOURS, every=12, hours="office")],
            ("night",),
            id="turns of half a day against the office's",
        ),
        pytest.param(
            [replace(DAILY, people=("low",), hours=None), replace(DAILY, people=("high",), hours=None)],
            ("low",),
            id="a layer that lies wholly under a later one",
        ),
        pytest.param(
            [
                replace(DAILY, people=("old",), hours=None),
                replace(DAILY, people=("new",), hours=None, start=date(2026, 6, 1)),
            ],
            (),
            id="who was on call until the later layer began",
        ),
        pytest.param(
            [replace(DAILY, hours=None), replace(DAILY, people=("boss",), hours="weekend", handover=time(0))],
            ("sam",),
            id="a turn that lies wholly under the later layer's hours",
        ),
        pytest.param(
            [
                replace(
                    DAILY,
                    people=("summer", "winter"),
                    turn=RotationUnit.HOURS,
                    every=12,
                    handover=time(1, 30),
                    hours="tokyo",
                )
            ],
            (),
            id="whom only the other half of the year puts on call",
        ),
    ],
)
def test_who_is_never_on_call(layers, expected) -> None:
    schedule = Schedule("rota", MADRID, tuple(layers), people=("lead",))
    assert never_on_call(schedule, HOURS) == expected


@settings(max_examples=40, derandomize=True, database=None, deadline=None)
@given(st.integers(1, 9), st.sampled_from([4, 6, 8, 12, 24]), st.sampled_from(["office", "weekend", "weekdays"]))
def test_it_is_who_never_appears_when_every_half_hour_is_asked(count, every, hours) -> None:
    people = tuple(f"p{number}" for number in range(count))
    zone = ZoneInfo("UTC")
    asked = {key: replace(one, timezone=zone) for key, one in HOURS.items()}
    layer = Layer(people, RotationUnit.HOURS, date(2026, 1, 5), time(9), every=every, hours=hours)
    schedule = Schedule("rota", zone, (layer,))
    start = datetime(2026, 1, 5, 9, tzinfo=zone)
    seen: set[str] = set()
    for half_hour in range(2 * 24 * 7 * count):
        seen.update(on_call(schedule, asked, (), start + half_hour * timedelta(minutes=30)))
    assert set(never_on_call(schedule, asked)) == set(people) - seen
