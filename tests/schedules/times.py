"""Zones, instants and local times for these tests, most of them near a change of a clock."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

CHICAGO = ZoneInfo("America/Chicago")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
MADRID = ZoneInfo("Europe/Madrid")
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
ODD = ("Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca", "Antarctica/Troll", "America/St_Johns")


def utc(text: str) -> datetime:
    """The instant of `2026-03-08 08:00`, read in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str) -> datetime:
    """The naive time of `2026-03-08 02:30`."""
    return datetime.fromisoformat(text)


def zones() -> st.SearchStrategy[ZoneInfo]:
    """Every zone there is, those with unusual clocks more often."""
    return st.one_of(st.sampled_from(ODD), st.sampled_from(sorted(available_timezones()))).map(ZoneInfo)


@cache
def days_of_change(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """The starts (UTC) of the days of that year in which the zone's offset changes."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + number * DAY for number in range(366)]
    return tuple(day for day in days if day.astimezone(zone).utcoffset() != (day + DAY).astimezone(zone).utcoffset())


@st.composite
def instants(draw: st.DrawFn, zone: ZoneInfo, first_year: int = 1900, last_year: int = 2060) -> datetime:
    """Any instant of these years, where the zone changes its clock that year mostly within two days of it."""
    year = draw(st.integers(first_year, last_year))
    changes = days_of_change(zone, year)
    if changes and draw(st.integers(0, 3)):
        minutes = draw(st.integers(-24 * 60, 48 * 60))
        return draw(st.sampled_from(changes)) + timedelta(minutes=minutes)
    return datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 365 * 86_400)))


@st.composite
def local_times(draw: st.DrawFn, zone: ZoneInfo) -> datetime:
    """A naive time, mostly within some hours of one that the clock leaps over or shows twice."""
    shown = draw(instants(zone)).astimezone(zone).replace(tzinfo=None)
    return shown + timedelta(minutes=draw(st.integers(-180, 180)), microseconds=draw(st.integers(0, 3)))
