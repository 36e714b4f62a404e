"""Whose turn it is in one layer, and that each turn begins just once, whatever the clock does."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.model.schedule import Layer, RotationUnit
from escalator.schedules.local_time import first_instant, local_time_reached
from escalator.schedules.rotation import handoffs, person_on_turn
from tests.schedules.times import CHICAGO, DAY, LORD_HOWE, MADRID, TICK, instants, utc, zones
from tests.schedules.values import PEOPLE, layers_around

MONDAY, WEDNESDAY = 0, 2


def a_layer(
    turn: RotationUnit, start: str, handover: str, day: int | None = None, every: int = 1, people=PEOPLE
) -> Layer:
    return Layer(people, turn, date.fromisoformat(start), time.fromisoformat(handover), day, every)


def who(layer: Layer, zone, at: datetime) -> str | None:
    """Whose turn it is at an instant."""
    return person_on_turn(layer, local_time_reached(at, zone))


def shown(layer: Layer, zone, start: str, end: str) -> list[str]:
    """The handovers (UTC) between two times (UTC)."""
    return [f"{at:%m-%d %H:%M}" for at in handoffs(layer, zone, utc(start), utc(end))]


EXAMPLE = a_layer(RotationUnit.WEEKS, "2026-01-05", "09:00", MONDAY, people=("ana", "ben"))


@pytest.mark.parametrize(
    ("layer", "at", "expected"),
    [
        pytest.param(EXAMPLE, "2026-01-05 07:59", None, id="nobody before the start"),
        pytest.param(EXAMPLE, "2026-01-05 08:00", "ana", id="the first from the start, at 09:00 in Madrid"),
        pytest.param(EXAMPLE, "2026-01-12 07:59", "ana", id="for a week"),
        pytest.param(EXAMPLE, "2026-01-12 08:00", "ben", id="the second a week later"),
        pytest.param(EXAMPLE, "2026-01-19 08:00", "ana", id="and the first again"),
        pytest.param(EXAMPLE, "2026-03-30 06:59", "ben", id="in summer still at 09:00: before"),
        pytest.param(EXAMPLE, "2026-03-30 07:00", "ana", id="in summer still at 09:00: after"),
        pytest.param(EXAMPLE, "2066-01-04 07:59", "ana", id="for decades: the end of the week 2086"),
        pytest.param(EXAMPLE, "2066-01-04 08:00", "ben", id="for decades: the week 2087"),
    ],
)
def test_people_take_turns_from_the_start(layer, at, expected):
    assert who(layer, MADRID, utc(at)) == expected


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        pytest.param(
            a_layer(RotationUnit.DAYS, "2026-01-07", "09:00"),
            ["01-07 08:00", "01-08 08:00", "01-09 08:00", "01-10 08:00"],
            id="every day",
        ),
        pytest.param(
            a_layer(RotationUnit.HOURS, "2026-01-07", "09:00", every=8),
            ["01-07 08:00", "01-07 16:00", "01-08 00:00", "01-08 08:00"],
            id="every eight hours",
        ),
        pytest.param(
            a_layer(RotationUnit.HOURS, "2026-01-07", "09:00", every=36),
            ["01-07 08:00", "01-08 20:00", "01-10 08:00", "01-11 20:00"],
            id="every day and a half",
        ),
        pytest.param(
            a_layer(RotationUnit.WEEKS, "2026-01-07", "09:00"),
            ["01-07 08:00", "01-14 08:00", "01-21 08:00", "01-28 08:00"],
            id="every week, on the weekday of the start",
        ),
        pytest.param(
            a_layer(RotationUnit.WEEKS, "2026-01-07", "09:00", MONDAY),
            ["01-07 08:00", "01-12 08:00", "01-19 08:00", "01-26 08:00"],
            id="a start between two Mondays: the first turn is short",
        ),
        pytest.param(
            a_layer(RotationUnit.WEEKS, "2026-01-05", "09:00", WEDNESDAY),
            ["01-05 08:00", "01-07 08:00", "01-14 08:00", "01-21 08:00"],
            id="a start two days before the weekday",
        ),
        pytest.param(
            a_layer(RotationUnit.MONTHS, "2026-01-07", "09:00"),
            ["01-07 08:00", "02-07 08:00", "03-07 08:00", "04-07 07:00"],
            id="every month, on the day of the start",
        ),
        pytest.param(
            a_layer(RotationUnit.MONTHS, "2026-01-07", "09:00", 15),
            ["01-07 08:00", "01-15 08:00", "02-15 08:00", "03-15 08:00"],
            id="a start before the day of the month: the first turn is short",
        ),
        pytest.param(
            a_layer(RotationUnit.MONTHS, "2026-01-20", "09:00", 15),
            ["01-20 08:00", "02-15 08:00", "03-15 08:00", "04-15 07:00"],
            id="a start after the day of the month",
        ),
        pytest.param(
            a_layer(RotationUnit.MONTHS, "2026-01-31", "09:00"),
            ["01-31 08:00", "02-28 08:00", "03-31 07:00", "04-30 07:00"],
            id="the 31st: the last day of a shorter month",
        ),
        pytest.param(
            a_layer(RotationUnit.MONTHS, "2026-02-28", "09:00", 31),
            ["02-28 08:00", "03-31 07:00", "04-30 07:00", "05-31 07:00"],
            id="the 31st, from the last day of February",
        ),
        pytest.param(
            a_layer(RotationUnit.MONTHS, "2025-11-30", "09:00"),
            ["11-30 08:00", "12-30 08:00", "01-30 08:00", "02-28 08:00"],
            id="over the new year",
        ),
    ],
)
def test_turns_change_at_their_handovers(layer, expected):
    start = first_instant(datetime.combine(layer.start, layer.handover), MADRID)
    found = list(islice(handoffs(layer, MADRID, start - 100 * DAY, start + 200 * DAY), 4))
    assert [f"{at:%m-%d %H:%M}" for at in found] == expected
    assert [who(layer, MADRID, at) for at in found] == ["ana", "ben", "chen", "ana"]
    assert [who(layer, MADRID, at - TICK) for at in found] == [None, "ana", "ben", "chen"]


@pytest.mark.parametrize(
    ("zone", "handover", "start", "expected"),
    [
        pytest.param(
            CHICAGO, "02:30", "2026-03-07", ["03-07 08:30", "03-08 08:00", "03-09 07:30"], id="Chicago, spring: missing"
        ),
        pytest.param(
            CHICAGO,
            "02:00",
            "2026-03-07",
            ["03-07 08:00", "03-08 08:00", "03-09 07:00"],
            id="Chicago, spring: the edge",
        ),
        pytest.param(
            CHICAGO, "01:30", "2026-10-31", ["10-31 06:30", "11-01 06:30", "11-02 07:30"], id="Chicago, autumn: twice"
        ),
        pytest.param(
            CHICAGO,
            "02:00",
            "2026-10-31",
            ["10-31 07:00", "11-01 08:00", "11-02 08:00"],
            id="Chicago, autumn: the edge",
        ),
        pytest.param(
            CHICAGO, "02:30", "2026-10-31", ["10-31 07:30", "11-01 08:30", "11-02 08:30"], id="Chicago, autumn: after"
        ),
        pytest.param(
            MADRID, "02:30", "2026-03-28", ["03-28 01:30", "03-29 01:00", "03-30 00:30"], id="Madrid, spring: missing"
        ),
        pytest.param(
            MADRID, "02:00", "2026-03-28", ["03-28 01:00", "03-29 01:00", "03-30 00:00"], id="Madrid, spring: the edge"
        ),
        pytest.param(
            MADRID, "02:30", "2026-10-24", ["10-24 00:30", "10-25 00:30", "10-26 01:30"], id="Madrid, autumn: twice"
        ),
        pytest.param(
            MADRID, "02:00", "2026-10-24", ["10-24 00:00", "10-25 00:00", "10-26 01:00"], id="Madrid, autumn: its edge"
        ),
        pytest.param(
            LORD_HOWE, "02:15", "2026-10-03", ["10-02 15:45", "10-03 15:30", "10-04 15:15"], id="Lord Howe: missing"
        ),
        pytest.param(
            LORD_HOWE, "02:30", "2026-10-03", ["10-02 16:00", "10-03 15:30", "10-04 15:30"], id="Lord Howe: leapt to"
        ),
        pytest.param(
            LORD_HOWE, "01:45", "2026-04-04", ["04-03 14:45", "04-04 14:45", "04-05 15:15"], id="Lord Howe: twice"
        ),
        pytest.param(
            LORD_HOWE, "02:00", "2026-04-04", ["04-03 15:00", "04-04 15:30", "04-05 15:30"], id="Lord Howe: after"
        ),
    ],
)
def test_a_day_on_which_the_clock_changes_has_one_handover_and_the_next_its_usual_one(zone, handover, start, expected):
    layer = a_layer(RotationUnit.DAYS, start, handover)
    begins = utc(f"2026-{expected[0]}")
    found = list(handoffs(layer, zone, begins - DAY, begins + 2.5 * DAY))
    assert [f"{at:%m-%d %H:%M}" for at in found] == expected
    assert [who(layer, zone, at) for at in found] == ["ana", "ben", "chen"]
    usual = time.fromisoformat(handover)
    assert [found[day].astimezone(zone).time() for day in (0, 2)] == [usual, usual]


@pytest.mark.parametrize(
    ("zone", "start", "expected"),
    [
        pytest.param(CHICAGO, "2026-03-02", ["03-02 15:00", "03-09 14:00", "03-16 14:00"], id="Chicago, spring"),
        pytest.param(CHICAGO, "2026-10-26", ["10-26 14:00", "11-02 15:00", "11-09 15:00"], id="Chicago, autumn"),
        pytest.param(MADRID, "2026-03-23", ["03-23 08:00", "03-30 07:00", "04-06 07:00"], id="Madrid, spring"),
        pytest.param(MADRID, "2026-10-19", ["10-19 07:00", "10-26 08:00", "11-02 08:00"], id="Madrid, autumn"),
        pytest.param(LORD_HOWE, "2026-09-28", ["09-27 22:30", "10-04 22:00", "10-11 22:00"], id="Lord Howe, spring"),
        pytest.param(LORD_HOWE, "2026-03-30", ["03-29 22:00", "04-05 22:30", "04-12 22:30"], id="Lord Howe, autumn"),
    ],
)
def test_a_weekly_handover_stays_at_its_local_time(zone, start, expected):
    layer = a_layer(RotationUnit.WEEKS, start, "09:00", MONDAY)
    assert shown(layer, zone, "2026-01-01", f"2026-{expected[-1]}:01") == expected


@pytest.mark.parametrize(
    ("zone", "start", "expected"),
    [
        pytest.param(CHICAGO, "2026-03-07", ["03-07 15:00", "03-08 03:00", "03-08 14:00", "03-09 02:00"], id="Chicago"),
        pytest.param(MADRID, "2026-10-24", ["10-24 07:00", "10-24 19:00", "10-25 08:00", "10-25 20:00"], id="Madrid"),
        pytest.param(
            LORD_HOWE, "2026-04-04", ["04-03 22:00", "04-04 10:00", "04-04 22:30", "04-05 10:30"], id="Lord Howe"
        ),
    ],
)
def test_a_rotation_of_hours_is_back_at_its_local_times_the_next_day(zone, start, expected):
    layer = a_layer(RotationUnit.HOURS, start, "09:00", every=12)
    assert shown(layer, zone, "2026-01-01", f"2026-{expected[-1]}:01") == expected


def test_a_turn_in_the_hour_that_the_clock_leaps_over_is_skipped():
    layer = a_layer(RotationUnit.HOURS, "2026-03-08", "01:00", every=1)
    found = list(handoffs(layer, CHICAGO, utc("2026-03-08 06:00"), utc("2026-03-08 09:30")))
    assert found == [utc("2026-03-08 07:00"), utc("2026-03-08 08:00"), utc("2026-03-08 09:00")]
    assert [who(layer, CHICAGO, at) for at in found] == ["ana", "chen", "ana"]


def test_a_turn_in_the_hour_that_exists_twice_lasts_through_both():
    layer = a_layer(RotationUnit.HOURS, "2026-11-01", "00:00", every=1)
    found = list(handoffs(layer, CHICAGO, utc("2026-11-01 04:00"), utc("2026-11-01 08:30")))
    assert found == [utc("2026-11-01 05:00"), utc("2026-11-01 06:00"), utc("2026-11-01 08:00")]


def test_handovers_are_those_from_the_start_and_before_the_end():
    at = [utc("2026-01-12 08:00"), utc("2026-01-19 08:00"), utc("2026-01-26 08:00")]
    assert list(handoffs(EXAMPLE, MADRID, at[0], at[2])) == at[:2]
    assert list(handoffs(EXAMPLE, MADRID, at[0] + TICK, at[2] + TICK)) == at[1:]
    assert list(handoffs(EXAMPLE, MADRID, at[0], at[0])) == []


def counted(layer: Layer) -> Iterator[datetime]:
    """The local times of the handovers, found by looking at every day (or hour) after the start."""
    at = datetime.combine(layer.start, layer.handover)
    step = timedelta(hours=layer.every) if layer.turn is RotationUnit.HOURS else DAY
    weekday = layer.start.weekday() if layer.day is None else layer.day
    monthday = layer.day or layer.start.day
    yield at
    while True:
        at += step
        is_last = (at + DAY).day == 1
        if layer.turn is RotationUnit.WEEKS and at.weekday() != weekday:
            continue
        if layer.turn is RotationUnit.MONTHS and not (at.day == monthday or (is_last and at.day < monthday)):
            continue
        yield at


def as_defined(layer: Layer, zone, at: datetime) -> str | None:
    """The person of the latest handover whose first instant has come."""
    numbers = []
    for number, handover in enumerate(counted(layer)):
        if first_instant(handover, zone) > at:
            break
        numbers.append(number)
    return layer.people[numbers[-1] % len(layer.people)] if numbers else None


@given(st.data(), zones())
def test_it_is_the_turn_of_the_latest_handover(data, zone):
    at = data.draw(instants(zone))
    layer = data.draw(layers_around(at))
    assert who(layer, zone, at) == as_defined(layer, zone, at)


@given(st.data(), zones())
def test_each_handover_comes_once_and_in_order(data, zone):
    at = data.draw(instants(zone))
    layer = data.draw(layers_around(at))
    end = at + timedelta(days=data.draw(st.integers(0, 70)))
    expected = []
    for handover in counted(layer):
        if (begins := first_instant(handover, zone)) >= end:
            break
        expected.append(begins)
    assert list(handoffs(layer, zone, at, end)) == sorted({begins for begins in expected if begins >= at})


@given(st.data(), zones())
def test_people_change_at_handovers_and_nowhere_else(data, zone):
    at = data.draw(instants(zone))
    layer = data.draw(layers_around(at))
    end = at + timedelta(days=40)
    for begins, ends in pairwise((at, *handoffs(layer, zone, at, end), end)):
        inside = {who(layer, zone, begins + (ends - begins) * part / 8) for part in range(8)}
        assert len(inside) == 1 or begins == ends


@given(st.data(), zones())
def test_a_turn_lasts_its_time_but_for_what_the_clock_changes(data, zone):
    # Since 2015 no zone has changed its clock by more than three hours.
    at = data.draw(instants(zone, 2015, 2040))
    layer = data.draw(layers_around(at))
    nominal = {
        RotationUnit.HOURS: timedelta(hours=layer.every),
        RotationUnit.DAYS: DAY,
        RotationUnit.WEEKS: 7 * DAY,
        RotationUnit.MONTHS: 31 * DAY,
    }[layer.turn]  # fmt: skip
    found = list(handoffs(layer, zone, at, at + timedelta(days=70)))
    assert all(timedelta(0) < later - earlier <= nominal + timedelta(hours=3) for earlier, later in pairwise(found))


@given(st.data(), zones())
def test_turns_of_a_day_and_longer_leave_nobody_out(data, zone):
    at = data.draw(instants(zone, 2015, 2040))
    layer = data.draw(layers_around(at, turns=(RotationUnit.DAYS, RotationUnit.WEEKS, RotationUnit.MONTHS)))
    found = [who(layer, zone, begins) for begins in handoffs(layer, zone, at, at + timedelta(days=200))]
    assert all(PEOPLE.index(after) == (PEOPLE.index(one) + 1) % len(PEOPLE) for one, after in pairwise(found))
