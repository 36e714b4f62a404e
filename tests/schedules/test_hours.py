"""When hours are open: spans over midnight, weekdays, holidays, and clocks that change meanwhile."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.model.schedule import WEEKDAYS, Hours
from escalator.schedules.hours import is_open, next_closing, next_opening, openings_and_closings
from tests.schedules.times import CHICAGO, LORD_HOWE, MADRID, TICK, instants, utc
from tests.schedules.values import any_hours

NEW_YORK = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")


def some_hours(
    start: str, end: str, days: str = " ".join(WEEKDAYS), zone=UTC_ZONE, holidays: str | None = None
) -> Hours:
    weekdays = frozenset(WEEKDAYS.index(day) for day in days.split())
    return Hours("hours", time.fromisoformat(start), time.fromisoformat(end), weekdays, zone, holidays)


OFFICE = some_hours("09:00", "18:00", "mon tue wed thu fri", NEW_YORK, "US")
NIGHT = some_hours("22:00", "06:00")
US_NIGHT = some_hours("22:00", "06:00", zone=NEW_YORK, holidays="US")


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        pytest.param(OFFICE, "2026-08-24 12:59", False, id="a minute before"),
        pytest.param(OFFICE, "2026-08-24 13:00", True, id="from is inclusive"),
        pytest.param(OFFICE, "2026-08-24 21:59", True, id="the last minute"),
        pytest.param(OFFICE, "2026-08-24 22:00", False, id="to is exclusive"),
        pytest.param(OFFICE, "2026-08-23 15:00", False, id="not on a Sunday"),
        pytest.param(OFFICE, "2026-07-03 15:00", False, id="not on the day on which a holiday is observed"),
        pytest.param(OFFICE, "2026-12-25 15:00", False, id="not on a holiday"),
        pytest.param(OFFICE, "2026-12-24 15:00", True, id="but on its eve"),
        pytest.param(NIGHT, "2026-08-24 21:59", False, id="before the night"),
        pytest.param(NIGHT, "2026-08-24 22:00", True, id="the night"),
        pytest.param(NIGHT, "2026-08-25 05:59", True, id="over midnight"),
        pytest.param(NIGHT, "2026-08-25 06:00", False, id="until morning"),
        pytest.param(some_hours("22:00", "06:00", "fri"), "2026-08-29 05:00", True, id="Friday's night, on Saturday"),
        pytest.param(some_hours("22:00", "06:00", "sat"), "2026-08-29 05:00", False, id="Saturday's, not that morning"),
        pytest.param(some_hours("22:00", "06:00", "sun"), "2026-08-31 05:00", True, id="Sunday's, on Monday"),
        pytest.param(some_hours("22:00", "00:00", "fri"), "2026-08-28 23:59", True, id="until midnight"),
        pytest.param(some_hours("22:00", "00:00", "fri"), "2026-08-29 00:00", False, id="midnight is the next day"),
        pytest.param(some_hours("00:00", "00:00", "fri"), "2026-08-28 12:00", True, id="the same time twice: all day"),
        pytest.param(some_hours("00:00", "00:00", "fri"), "2026-08-29 00:00", False, id="and no longer"),
        pytest.param(some_hours("09:00", "09:00", "fri"), "2026-08-29 08:59", True, id="all day, from that time on"),
        pytest.param(some_hours("09:00", "09:00", "fri"), "2026-08-29 09:00", False, id="until that time"),
        pytest.param(US_NIGHT, "2026-12-25 08:00", True, id="the eve's night"),
        pytest.param(
            US_NIGHT,
            "2026-12-26 04:00",
            False,
            id="no holiday's night",
        ),
    ],
)
def test_hours_are_open_in_the_spans_of_their_days(hours, at, expected):
    assert is_open(hours, utc(at)) is expected


@pytest.mark.parametrize(
    ("holidays", "expected"),
    [
        pytest.param(None, True, id="no holidays"),
        pytest.param("ES", True, id="the country"),
        pytest.param("ES-MD", False, id="the subdivision"),
    ],
)
def test_a_holiday_of_the_subdivision_closes_what_names_the_subdivision(holidays, expected):
    # The second of May, the day of the Comunidad de Madrid, is a Thursday in 2024.
    hours = some_hours("09:00", "18:00", "mon tue wed thu fri", MADRID, holidays)
    assert is_open(hours, utc("2024-05-02 10:00")) is expected


@pytest.mark.parametrize(
    ("hours", "at", "opens", "closes"),
    [
        pytest.param(OFFICE, "2026-08-24 08:00", "2026-08-24 13:00", "2026-08-24 08:00", id="before they open"),
        pytest.param(OFFICE, "2026-08-24 15:00", "2026-08-24 15:00", "2026-08-24 22:00", id="while they are open"),
        pytest.param(OFFICE, "2026-08-24 22:00", "2026-08-25 13:00", "2026-08-24 22:00", id="when they close"),
        pytest.param(OFFICE, "2026-08-28 23:00", "2026-08-31 13:00", "2026-08-28 23:00", id="over the weekend"),
        pytest.param(OFFICE, "2026-07-02 22:00", "2026-07-06 13:00", "2026-07-02 22:00", id="over a long weekend"),
        pytest.param(NIGHT, "2026-08-25 03:00", "2026-08-25 03:00", "2026-08-25 06:00", id="after midnight"),
        pytest.param(
            some_hours("00:00", "00:00", "sat sun"),
            "2026-08-29 08:00",
            "2026-08-29 08:00",
            "2026-08-31 00:00",
            id="days that touch are one span",
        ),
        pytest.param(
            some_hours("12:00", "11:00", "fri sat"),
            "2026-08-29 12:00",
            "2026-08-29 12:00",
            "2026-08-30 11:00",
            id="the second of two days",
        ),
        pytest.param(some_hours("00:00", "00:00"), "2026-08-29 08:00", "2026-08-29 08:00", None, id="always open"),
        pytest.param(some_hours("09:00", "18:00", ""), "2026-08-29 08:00", None, "2026-08-29 08:00", id="never open"),
    ],
)
def test_hours_say_when_they_next_open_and_close(hours, at, opens, closes):
    assert next_opening(hours, utc(at)) == (opens and utc(opens))
    assert next_closing(hours, utc(at)) == (closes and utc(closes))


@pytest.mark.parametrize(
    ("zone", "span", "day", "expected"),
    [
        pytest.param(CHICAGO, "22:00-06:00", "2026-03-07 12:00", "2026-03-08 04:00/7:00:00", id="Chicago, spring"),
        pytest.param(CHICAGO, "22:00-06:00", "2026-03-08 12:00", "2026-03-09 03:00/8:00:00", id="and the next night"),
        pytest.param(CHICAGO, "22:00-06:00", "2026-10-31 12:00", "2026-11-01 03:00/9:00:00", id="Chicago, autumn"),
        pytest.param(CHICAGO, "22:00-06:00", "2026-11-01 13:00", "2026-11-02 04:00/8:00:00", id="and the next"),
        pytest.param(MADRID, "22:00-06:00", "2026-03-28 12:00", "2026-03-28 21:00/7:00:00", id="Madrid, spring"),
        pytest.param(MADRID, "22:00-06:00", "2026-10-24 12:00", "2026-10-24 20:00/9:00:00", id="Madrid, autumn"),
        pytest.param(LORD_HOWE, "22:00-06:00", "2026-10-03 06:00", "2026-10-03 11:30/7:30:00", id="Lord Howe, spring"),
        pytest.param(LORD_HOWE, "22:00-06:00", "2026-04-04 06:00", "2026-04-04 11:00/8:30:00", id="Lord Howe, autumn"),
        pytest.param(CHICAGO, "02:15-04:00", "2026-03-08 06:00", "2026-03-08 08:00/1:00:00", id="from a missing time"),
        pytest.param(CHICAGO, "01:00-02:15", "2026-03-08 06:00", "2026-03-08 07:00/1:00:00", id="until one"),
        pytest.param(CHICAGO, "02:15-02:45", "2026-03-08 06:00", "2026-03-09 07:15/0:30:00", id="within: not that day"),
        pytest.param(CHICAGO, "01:30-03:00", "2026-11-01 05:00", "2026-11-01 06:30/2:30:00", id="from a first time"),
        pytest.param(CHICAGO, "00:00-01:30", "2026-11-01 04:00", "2026-11-01 05:00/1:30:00", id="until a first time"),
    ],
)
def test_a_change_of_the_clock_makes_one_span_longer_or_shorter_and_no_other(zone, span, day, expected):
    hours = some_hours(*span.split("-"), zone=zone)
    opens = next_opening(hours, utc(day))
    assert opens is not None
    closes = next_closing(hours, opens)
    assert closes is not None
    assert f"{opens:%Y-%m-%d %H:%M}/{closes - opens}" == expected


def test_edges_are_where_hours_open_and_close_from_the_start_and_before_the_end():
    at = [utc("2026-08-28 13:00"), utc("2026-08-28 22:00"), utc("2026-08-31 13:00"), utc("2026-08-31 22:00")]
    assert openings_and_closings(OFFICE, at[0], at[3]) == tuple(at[:3])
    assert openings_and_closings(OFFICE, at[0] + TICK, at[3] + TICK) == tuple(at[1:])


def test_an_edge_at_a_start_that_is_told_in_local_time_is_an_edge():
    hours = some_hours("02:15", "04:00", zone=CHICAGO)
    start, end = utc("2026-03-08 08:00"), utc("2026-03-08 12:00")
    assert openings_and_closings(hours, start.astimezone(CHICAGO), end) == (start, utc("2026-03-08 09:00"))


def test_two_spans_between_which_the_clock_leaps_have_no_edge_between_them():
    # 03:00 to 02:00 of the next day leaves one hour a day, and on this day there is no such hour.
    around = some_hours("03:00", "02:00", zone=CHICAGO)
    assert openings_and_closings(around, utc("2026-03-07 12:00"), utc("2026-03-09 12:00")) == (
        utc("2026-03-09 07:00"),
        utc("2026-03-09 08:00"),
    )


@given(st.data(), any_hours())
def test_hours_change_at_their_edges_and_nowhere_else(data, hours):
    start = data.draw(instants(hours.timezone))
    end = start + timedelta(days=10)
    found = openings_and_closings(hours, start, end)
    assert list(found) == sorted(set(found))
    assert all(is_open(hours, edge) is not is_open(hours, edge - TICK) for edge in found)
    cuts = (start, *found, end)
    for begins, ends in zip(cuts, cuts[1:], strict=False):
        inside = [begins + (ends - begins) * part / 12 for part in range(12)]
        assert len({is_open(hours, at) for at in inside}) == 1 or begins == ends


@given(st.data(), any_hours())
def test_they_open_and_close_at_the_next_edge(data, hours):
    at = data.draw(instants(hours.timezone))
    opens, closes = next_opening(hours, at), next_closing(hours, at)
    assert (opens == at) is is_open(hours, at)
    assert (closes == at) is not is_open(hours, at)
    later = closes if opens == at else opens
    if later is None:
        assert openings_and_closings(hours, at + TICK, at + timedelta(days=60)) == ()
    else:
        assert openings_and_closings(hours, at + TICK, later + TICK) == (later,)


def test_whole_days_have_no_gap_between_them_whatever_the_clock_does():
    days = some_hours("00:00", "00:00", "fri sat sun mon", MADRID)
    assert next_closing(days, utc("2026-10-22 22:00")) == utc("2026-10-26 23:00"), "four days, one of them of 25 hours"
    assert openings_and_closings(days, utc("2026-10-20 00:00"), utc("2026-10-30 00:00"))[:2] == (
        utc("2026-10-22 22:00"),
        utc("2026-10-26 23:00"),
    )
    assert next_closing(some_hours("00:00", "00:00", zone=MADRID), utc("2026-10-20 00:00")) is None
