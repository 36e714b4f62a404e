"""When a weekly task was last due, and is next due, in local time."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from escalator.schedules.local_time import first_instant, local_time_reached

_WEEK = timedelta(weeks=1)


def last_due(weekday: int, at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the last instant (UTC), not after `now`, at which that weekday's time came (0 is Monday)."""
    return first_instant(_last(weekday, at, zone, now), zone)


def next_due(weekday: int, at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the first instant (UTC) after `now` at which that weekday's time comes."""
    return first_instant(_last(weekday, at, zone, now) + _WEEK, zone)


def _last(weekday: int, at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the local time; those that were reached are not after `now` (see `escalator.schedules.local_time`)."""
    shown = local_time_reached(now, zone)
    today = datetime.combine(shown.date(), at)
    latest = today - timedelta(days=(shown.weekday() - weekday) % 7)
    return latest if latest <= shown else latest - _WEEK
