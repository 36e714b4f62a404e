"""Random hours, layers, overrides and bookings around an instant."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from escalator.model.schedule import Booking, Hours, Layer, Override, RotationUnit
from tests.schedules.times import CHICAGO, DAY, zones

PEOPLE = ("ana", "ben", "chen")


def times_of_day() -> st.SearchStrategy[time]:
    """Times of day by the quarter, those of the night, in which clocks change, more often."""
    quarters = st.one_of(st.integers(0, 15), st.integers(0, 95))
    return quarters.map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


def dates_before(at: datetime, days: int) -> st.SearchStrategy[date]:
    """Dates up to so many days before an instant, some of them just after it."""
    return st.integers(-2, days).map(lambda ago: at.date() - ago * DAY)


@st.composite
def any_hours(draw: st.DrawFn) -> Hours:
    """Hours on at least one weekday, in any zone, with and without holidays."""
    weekdays = draw(st.frozensets(st.integers(0, 6), min_size=1))
    start, end = draw(times_of_day()), draw(times_of_day())
    return Hours("hours", start, end, weekdays, draw(zones()), draw(st.sampled_from([None, "US", "ES-MD"])))


@st.composite
def layers_around(draw: st.DrawFn, at: datetime, turns: Iterable[RotationUnit] = RotationUnit) -> Layer:
    """A layer that started up to a hundred days before the instant, or starts just after it."""
    turn = draw(st.sampled_from(tuple(turns)))
    day = {RotationUnit.WEEKS: st.integers(0, 6), RotationUnit.MONTHS: st.integers(1, 31)}.get(turn, st.none())
    every = draw(st.integers(1, 50)) if turn is RotationUnit.HOURS else 1
    start = draw(dates_before(at, 100))
    return Layer(PEOPLE, turn, start, draw(times_of_day()), draw(st.none() | day), every)


@st.composite
def overrides_around(draw: st.DrawFn, at: datetime) -> Override:
    """An override by quarters of an hour within two days of the instant, naive or with a zone, at times a void one."""
    start = at.replace(tzinfo=None) + draw(st.integers(-200, 200)) * timedelta(minutes=15)
    end = start + draw(st.integers(-2, 100)) * timedelta(minutes=15)
    own = draw(st.sampled_from([None, UTC, CHICAGO]))
    return Override("dana", start.replace(tzinfo=own), end.replace(tzinfo=own))


@st.composite
def bookings_around(draw: st.DrawFn, at: datetime) -> Booking:
    """An event of a calendar within two days of the instant, at times without people."""
    start = at + draw(st.integers(-200, 200)) * timedelta(minutes=15)
    people = draw(st.sampled_from([(), ("eli",), ("ana", "eli")]))
    return Booking(start, start + draw(st.integers(0, 100)) * timedelta(minutes=15), people)
