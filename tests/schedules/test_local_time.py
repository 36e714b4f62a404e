"""The order of local times and instants, in every zone."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.schedules.local_time import first_instant, local_time_reached
from tests.schedules.times import CHICAGO, LORD_HOWE, MADRID, TICK, instants, local, local_times, utc, zones

APIA = ZoneInfo("Pacific/Apia")
ST_JOHNS = ZoneInfo("America/St_Johns")
TROLL = ZoneInfo("Antarctica/Troll")
CASABLANCA = ZoneInfo("Africa/Casablanca")


@pytest.mark.parametrize(
    ("zone", "shown", "expected"),
    [
        pytest.param(CHICAGO, "2026-01-05 09:00", "2026-01-05 15:00", id="a time that exists once"),
        pytest.param(CHICAGO, "2026-03-08 02:00", "2026-03-08 08:00", id="the first time that is leapt over"),
        pytest.param(CHICAGO, "2026-03-08 02:30", "2026-03-08 08:00", id="a time that is leapt over: the jump"),
        pytest.param(CHICAGO, "2026-03-08 03:00", "2026-03-08 08:00", id="the time that the clock leaps to"),
        pytest.param(CHICAGO, "2026-11-01 01:30", "2026-11-01 06:30", id="a time that exists twice: the first"),
        pytest.param(CHICAGO, "2026-11-01 02:00", "2026-11-01 08:00", id="the end of the hour that exists twice"),
        pytest.param(MADRID, "2026-03-29 02:30", "2026-03-29 01:00", id="Madrid, leapt over"),
        pytest.param(MADRID, "2026-10-25 02:30", "2026-10-25 00:30", id="Madrid, twice"),
        pytest.param(LORD_HOWE, "2026-10-04 02:15", "2026-10-03 15:30", id="half an hour leapt over"),
        pytest.param(LORD_HOWE, "2026-04-05 01:45", "2026-04-04 14:45", id="half an hour twice"),
        pytest.param(TROLL, "2026-03-29 02:59", "2026-03-29 01:00", id="two hours leapt over"),
        pytest.param(CASABLANCA, "2026-02-15 02:30", "2026-02-15 01:30", id="set back for Ramadan"),
        pytest.param(CASABLANCA, "2026-03-22 02:30", "2026-03-22 02:00", id="and forward after it"),
        pytest.param(APIA, "2011-12-30 12:00", "2011-12-30 10:00", id="a day leapt over"),
        pytest.param(APIA, "2011-12-31 00:00", "2011-12-30 10:00", id="the day after it"),
    ],
)
def test_a_local_time_means_the_first_instant_that_shows_it_or_a_later_one(zone, shown, expected):
    assert first_instant(local(shown), zone) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        pytest.param(CHICAGO, "2026-01-05 15:00", "2026-01-05 09:00", id="what the clock shows"),
        pytest.param(CHICAGO, "2026-11-01 06:59", "2026-11-01 01:59", id="before it is set back"),
        pytest.param(CHICAGO, "2026-11-01 07:00", "2026-11-01 01:59:59.999999", id="when it is set back"),
        pytest.param(CHICAGO, "2026-11-01 07:30", "2026-11-01 01:59:59.999999", id="while it repeats itself"),
        pytest.param(CHICAGO, "2026-11-01 08:00", "2026-11-01 02:00", id="when it goes on"),
        pytest.param(ST_JOHNS, "2009-11-01 02:45", "2009-11-01 00:00:59.999999", id="into yesterday"),
    ],
)
def test_a_clock_that_was_set_back_has_still_reached_what_it_had_shown(zone, at, expected):
    assert local_time_reached(utc(at), zone) == local(expected)


@given(st.data(), zones())
def test_an_instant_reaches_just_the_times_whose_first_instant_has_come(data, zone):
    shown, at = data.draw(local_times(zone)), data.draw(instants(zone))
    near = data.draw(st.sampled_from([shown, local_time_reached(at, zone), local_time_reached(at, zone) + TICK]))
    assert (first_instant(near, zone) <= at) == (near <= local_time_reached(at, zone))


@given(st.data(), zones())
def test_the_first_instant_shows_the_time_or_a_later_one_and_none_before_it_does(data, zone):
    shown = data.draw(local_times(zone))
    first = first_instant(shown, zone)
    assert first.tzinfo is UTC
    assert first.astimezone(zone).replace(tzinfo=None) >= shown
    before = [first - TICK] + [first - timedelta(minutes=minutes) for minutes in (1, 29, 59, 61, 119, 1439, 1441)]
    assert all(earlier.astimezone(zone).replace(tzinfo=None) < shown for earlier in before)


@given(st.data(), zones())
def test_later_local_times_never_mean_earlier_instants(data, zone):
    shown = data.draw(local_times(zone))
    later = shown + timedelta(minutes=data.draw(st.integers(0, 3000)))
    assert first_instant(shown, zone) <= first_instant(later, zone)


@given(st.data(), zones())
def test_a_time_that_exists_is_the_earliest_instant_that_shows_it(data, zone):
    at = data.draw(instants(zone))
    shown = at.astimezone(zone)
    assert first_instant(shown.replace(tzinfo=None, fold=0), zone) == shown.replace(fold=0).astimezone(UTC)


@pytest.mark.parametrize("forever", ["0001-01-01 00:00", "9999-12-31 23:59"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_time_at_the_end_of_the_calendar_still_has_an_instant(forever, zone):
    assert abs(first_instant(local(forever), ZoneInfo(zone)) - utc(forever)) <= timedelta(days=4)
