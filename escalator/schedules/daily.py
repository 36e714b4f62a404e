"""When a daily task was last due, in local time."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from escalator.schedules.local_time import first_instant, local_time_reached

_DAY = timedelta(days=1)


def last_due_daily(at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the last instant (UTC), not after `now`, at which that time of day came: once a day, also when clocks
    change.
    """
    shown = local_time_reached(now, zone)
    today = datetime.combine(shown.date(), at)
    return first_instant(today if today <= shown else today - _DAY, zone)
