"""What comes once a week comes once, whatever the zone's clock does."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.schedules.weekly import last_due, next_due

CHICAGO, LORD_HOWE, MADRID = (ZoneInfo(name) for name in ("America/Chicago", "Australia/Lord_Howe", "Europe/Madrid"))

FIRST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at", "due"),
    [
        pytest.param(CHICAGO, time(1, 30), "2026-11-01T06:30", id="Chicago, autumn: the first of two"),
        pytest.param(CHICAGO, time(2, 30), "2026-03-08T08:00", id="Chicago, spring: at the jump"),
        pytest.param(CHICAGO, time(2, 30), "2026-03-15T07:30", id="Chicago, a week later at its usual time"),
        pytest.param(LORD_HOWE, time(2, 15), "2026-10-03T15:30", id="Lord Howe, spring: half an hour is jumped over"),
        pytest.param(LORD_HOWE, time(1, 45), "2026-04-04T14:45", id="Lord Howe, autumn: the first of two"),
        pytest.param(MADRID, time(2, 30), "2026-03-29T01:00", id="Madrid, spring: at the jump"),
        pytest.param(MADRID, time(2, 30), "2026-10-25T00:30", id="Madrid, autumn: the first of two"),
    ],
)
def test_a_sunday_on_which_the_clock_changes(zone, at, due):
    instant = datetime.fromisoformat(due).replace(tzinfo=UTC)
    just_before = instant - timedelta(microseconds=1)
    assert last_due(6, at, zone, instant) == next_due(6, at, zone, just_before) == instant
    assert last_due(6, at, zone, just_before) < instant < next_due(6, at, zone, instant)
    assert last_due(6, at, zone, instant + timedelta(hours=3)) == instant


@given(
    st.sampled_from([CHICAGO, LORD_HOWE, MADRID, ZoneInfo("Asia/Kathmandu")]),
    st.integers(0, 6),
    st.times(),
    st.timedeltas(timedelta(0), timedelta(days=5000)).map(lambda span: FIRST + span),
)
def test_the_next_is_a_week_after_the_last_on_the_same_weekday(zone, weekday, at, now):
    last, coming = last_due(weekday, at, zone, now), next_due(weekday, at, zone, now)
    assert last <= now < coming
    assert abs(coming - last - timedelta(weeks=1)) <= timedelta(hours=1)
    assert last_due(weekday, at, zone, coming) == coming
