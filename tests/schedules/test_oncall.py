"""Who is on call: what goes before what, and shifts that tile time."""

from dataclasses import replace
from datetime import UTC, date, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.model.schedule import Booking, Hours, Layer, Override, RotationUnit, Schedule, Shift
from escalator.schedules.oncall import on_call, shifts_between
from tests.schedules.times import CHICAGO, MADRID, TICK, instants, local, utc, zones
from tests.schedules.values import any_hours, bookings_around, layers_around, overrides_around

ROTA = Layer(("ana", "ben"), RotationUnit.WEEKS, date(2026, 1, 5), time(9), 0)
HOLIDAY = Override("ben", local("2026-12-24"), local("2026-12-27"))
EXAMPLE = Schedule("child-safety-rota", MADRID, (ROTA,), (HOLIDAY,))


def only(person: str, **changes) -> Layer:
    """A layer of one person, since ever."""
    return replace(Layer((person,), RotationUnit.DAYS, date(2020, 1, 1), time(0)), **changes)


def expect(*ends: str) -> list[tuple[str, str]]:
    """Who is on call until when (UTC), from texts such as `ana 2026-12-14 08:00`."""
    return [(people, end) for people, _, end in (text.partition(" ") for text in ends)]


def told(found: list[Shift]) -> list[tuple[str, str]]:
    return [("+".join(shift.people) or "-", f"{shift.end:%Y-%m-%d %H:%M}") for shift in found]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-01-05 07:59", (), id="nobody before the start"),
        pytest.param("2026-01-05 08:00", ("ana",), id="ana from the start"),
        pytest.param("2026-01-12 08:00", ("ben",), id="ben a week later"),
        pytest.param("2026-12-23 22:59", ("ana",), id="ana before the override"),
        pytest.param("2026-12-23 23:00", ("ben",), id="ben from midnight in Madrid"),
        pytest.param("2026-12-26 22:59", ("ben",), id="ben until the end of the override, which is exclusive"),
        pytest.param("2026-12-26 23:00", ("ana",), id="then ana again"),
        pytest.param("2026-12-28 08:00", ("ben",), id="and ben in his own turn"),
    ],
)
def test_the_example_has_somebody_on_call_from_its_start_on(at, expected):
    assert on_call(EXAMPLE, {}, (), utc(at)) == expected


def test_the_shifts_of_the_example_are_its_turns_and_its_override():
    found = list(shifts_between(EXAMPLE, {}, (), utc("2026-12-10 00:00"), utc("2027-01-10 00:00")))
    assert told(found) == expect(
        "ana 2026-12-14 08:00",
        "ben 2026-12-21 08:00",
        "ana 2026-12-23 23:00",
        "ben 2026-12-26 23:00",
        "ana 2026-12-28 08:00",
        "ben 2027-01-04 08:00",
        "ana 2027-01-10 00:00",
    )


NOON = utc("2026-08-24 12:00")
HOUR = timedelta(hours=1)


def booked(*people: str, start=NOON - HOUR, end=NOON + HOUR) -> Booking:
    return Booking(start, end, people)


def instead(person: str, start="2026-08-24 12:00", end="2026-08-24 16:00") -> Override:
    """An override in local times of Madrid."""
    return Override(person, local(start), local(end))


# Noon in UTC is 14:00 in Madrid.
OPEN = Hours("open", time(10), time(15), frozenset(range(7)), MADRID)
HOURS = {"open": OPEN, "shut": replace(OPEN, key="shut", start=time(15), end=time(16))}


@pytest.mark.parametrize(
    ("schedule", "bookings", "expected"),
    [
        pytest.param(Schedule("s", MADRID), (), (), id="nobody"),
        pytest.param(Schedule("s", MADRID, people=("dana", "eli")), (), ("dana", "eli"), id="all whom it names"),
        pytest.param(Schedule("s", MADRID, (only("ana"),), people=("dana",)), (), ("ana",), id="a layer before them"),
        pytest.param(Schedule("s", MADRID, (only("ana"), only("ben"))), (), ("ben",), id="a later layer first"),
        pytest.param(
            Schedule("s", MADRID, (only("ana"), only("ben", start=date(2027, 1, 1)))),
            (),
            ("ana",),
            id="a layer that has not started names nobody",
        ),
        pytest.param(
            Schedule("s", MADRID, (only("ana"), only("ben", hours="shut"))),
            (),
            ("ana",),
            id="nor does one out of hours",
        ),
        pytest.param(
            Schedule("s", MADRID, (only("ana"), only("ben", hours="open"))), (), ("ben",), id="but it does in its hours"
        ),
        pytest.param(
            Schedule("s", MADRID, (only("ana"), only("ben", hours="gone"))), (), ("ben",), id="unknown hours are open"
        ),
        pytest.param(
            Schedule("s", MADRID, (only("ben", hours="shut"),), people=("dana",)), (), ("dana",), id="no layer counts"
        ),
        pytest.param(
            Schedule("s", MADRID, (only("ana"),)), (booked("ben"),), ("ben",), id="the calendar before layers"
        ),
        pytest.param(
            Schedule("s", MADRID, people=("dana",)),
            (booked("ben", "ana"), booked("eli"), booked("ana")),
            ("ben", "ana", "eli"),
            id="all who are booked, each once, in order",
        ),
        pytest.param(Schedule("s", MADRID, (only("ana"),)), (booked(),), ("ana",), id="an event without people"),
        pytest.param(Schedule("s", MADRID), (booked("ben", start=NOON),), ("ben",), id="an event that begins now"),
        pytest.param(Schedule("s", MADRID), (booked("ben", end=NOON),), (), id="an event that ends now"),
        pytest.param(
            Schedule("s", MADRID, (only("ana"),), (instead("ben"),), people=("dana",)),
            (booked("eli", "ana"),),
            ("ben",),
            id="an override before the calendar, alone",
        ),
        pytest.param(
            Schedule("s", MADRID, overrides=(instead("ben"), instead("ana"))), (), ("ana",), id="the later in the file"
        ),
        pytest.param(
            Schedule("s", MADRID, overrides=(instead("ben"), instead("ana", end="2026-08-24 13:00"))),
            (),
            ("ben",),
            id="but not when it is over",
        ),
        pytest.param(
            Schedule("s", MADRID, overrides=(instead("ben", start="2026-08-24 14:00"),)), (), ("ben",), id="its start"
        ),
        pytest.param(
            Schedule("s", MADRID, overrides=(instead("ben", end="2026-08-24 14:00"),)), (), (), id="its end, exclusive"
        ),
        pytest.param(
            Schedule("s", MADRID, overrides=(Override("ben", NOON.astimezone(CHICAGO), NOON + HOUR),)),
            (),
            ("ben",),
            id="an override with a zone of its own",
        ),
        pytest.param(
            Schedule("s", MADRID, overrides=(Override("ben", NOON - HOUR, NOON.astimezone(CHICAGO)),)),
            (),
            (),
            id="which ends in that zone",
        ),
        pytest.param(
            Schedule("s", MADRID, overrides=(instead("ben", end="9999-12-31 23:59"),)), (), ("ben",), id="one for ever"
        ),
    ],
)
def test_somebody_is_on_call_by_the_first_of_these_that_names_anybody(schedule, bookings, expected):
    assert on_call(schedule, HOURS, bookings, NOON) == expected
    assert on_call(schedule, HOURS, bookings, NOON.astimezone(CHICAGO)) == expected


def test_a_layer_falls_back_to_the_one_below_outside_its_hours():
    office = Hours("office", time(9), time(18), frozenset(range(5)), MADRID, "ES")
    schedule = Schedule("s", MADRID, (only("ana"), only("ben", hours="office")))
    # The 12th of October, a Monday, is a holiday.
    found = list(shifts_between(schedule, {"office": office}, (), utc("2026-10-09 00:00"), utc("2026-10-14 00:00")))
    assert told(found) == expect(
        "ana 2026-10-09 07:00",
        "ben 2026-10-09 16:00",
        "ana 2026-10-13 07:00",
        "ben 2026-10-13 16:00",
        "ana 2026-10-14 00:00",
    )


def test_an_override_between_two_times_that_exist_twice_holds_from_the_first_to_the_first():
    schedule = Schedule(
        "s", CHICAGO, overrides=(Override("ben", local("2026-11-01 01:15"), local("2026-11-01 01:45")),)
    )
    found = list(shifts_between(schedule, {}, (), utc("2026-11-01 05:00"), utc("2026-11-01 09:00")))
    assert told(found) == expect("- 2026-11-01 06:15", "ben 2026-11-01 06:45", "- 2026-11-01 09:00")


def test_the_shift_of_one_who_follows_themselves_is_one():
    schedule = Schedule("s", MADRID, (only("ana"),), (instead("ana"),))
    assert list(shifts_between(schedule, {}, (), NOON - HOUR, NOON + HOUR)) == [
        Shift(NOON - HOUR, NOON + HOUR, ("ana",))
    ]


def test_shifts_begin_and_end_where_the_people_change():
    found = list(shifts_between(EXAMPLE, {}, (), utc("2026-12-14 08:00"), utc("2026-12-23 23:00")))
    assert told(found) == expect("ben 2026-12-21 08:00", "ana 2026-12-23 23:00")
    assert [shift.start for shift in found] == [utc("2026-12-14 08:00"), utc("2026-12-21 08:00")]


def test_times_that_exist_twice_are_told_apart_in_a_calendar_of_the_same_zone():
    first, second = utc("2026-11-01 06:30").astimezone(CHICAGO), utc("2026-11-01 07:30").astimezone(CHICAGO)
    event = booked("ben", start=first, end=utc("2026-11-01 06:45").astimezone(CHICAGO))
    schedule = Schedule("s", CHICAGO)
    assert on_call(schedule, {}, (event,), first) == ("ben",)
    assert on_call(schedule, {}, (event,), second) == ()


def test_shifts_are_told_in_utc_whatever_the_zone_of_the_question():
    start, end = utc("2026-03-08 06:00"), utc("2026-03-09 06:00")
    found = list(shifts_between(EXAMPLE, {}, (), start.astimezone(CHICAGO), end.astimezone(CHICAGO)))
    assert found[0] == Shift(start, end, ("ana",))
    assert all(shift.start.tzinfo is shift.end.tzinfo is UTC for shift in found)


def test_there_is_no_shift_in_no_time():
    assert list(shifts_between(EXAMPLE, {}, (), NOON, NOON)) == []


@st.composite
def rotas(draw: st.DrawFn):
    """A schedule with everything in it, hours, bookings, and a span of three days in which the clock mostly changes."""
    zone = draw(zones())
    at = draw(instants(zone))
    hours = {"some": draw(any_hours())}
    layers = draw(st.lists(layers_around(at), max_size=3))
    layers = [replace(layer, hours=draw(st.sampled_from([None, "some", "unknown"]))) for layer in layers]
    overrides = draw(st.lists(overrides_around(at), max_size=3))
    bookings = tuple(draw(st.lists(bookings_around(at), max_size=3)))
    people = draw(st.sampled_from([(), ("lead",)]))
    return Schedule("rota", zone, tuple(layers), tuple(overrides), None, people), hours, bookings, at


@given(rotas())
def test_shifts_tile_the_time_without_gap_or_overlap(rota):
    schedule, hours, bookings, at = rota
    found = list(shifts_between(schedule, hours, bookings, at, at + timedelta(days=3)))
    assert (found[0].start, found[-1].end) == (at, at + timedelta(days=3))
    assert all(one.end == after.start and one.people != after.people for one, after in pairwise(found))
    assert all(shift.start < shift.end and shift.start.tzinfo is shift.end.tzinfo is UTC for shift in found)


@given(st.data(), rotas())
def test_whoever_is_on_call_is_the_one_of_the_shift(data, rota):
    schedule, hours, bookings, at = rota
    for shift in shifts_between(schedule, hours, bookings, at, at + timedelta(days=3)):
        inside = shift.start + data.draw(st.floats(0, 1, exclude_max=True)) * (shift.end - shift.start)
        for moment in (shift.start, min(inside, shift.end - TICK), shift.end - TICK):
            assert on_call(schedule, hours, bookings, moment) == shift.people
