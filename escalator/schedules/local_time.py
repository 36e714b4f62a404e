"""Convert between the local times of a zone and instants.

A clock that is set back shows earlier times again. Here a time has been reached once the clock has shown it *or a
later one*, so that local times and instants have the same order, whatever the zone does, and
`first_instant(local) <= at` is the same as `local <= local_time_reached(at)`. Code that compares local times needs
no instants, and no rule of its own for times that do not exist or exist twice.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_TICK = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)

# No zone is further than a day from UTC, so these can be converted; what lies beyond them means "for ever".
_EARLIEST = datetime.combine(date.min, time.min) + timedelta(days=2)
_LATEST = datetime.combine(date.max, time.min) - timedelta(days=2)


@lru_cache(maxsize=65_536)
def first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant (aware, UTC) at which the clock of that zone shows this naive time or a later one.

    A time that exists twice is its first occurrence; one that does not exist is the instant of the jump over it.
    """
    local = min(max(local, _EARLIEST), _LATEST)
    before = local.replace(tzinfo=zone).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    # PEP 495: in a gap, the offset before the jump gives an instant after it, and the offset after it one before it.
    return _jump(after, before, zone) if after < before else before


def local_time_reached(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the latest naive time that the clock of that zone has shown up to this instant.

    It is what the clock shows, except where it shows for the second time what it has shown before it was set back.
    """
    shown = at.astimezone(zone)
    if not shown.fold:
        return shown.replace(tzinfo=None)
    first = shown.replace(fold=0).astimezone(UTC)
    last = _jump(first, at.astimezone(UTC), zone) - _TICK
    return last.astimezone(zone).replace(tzinfo=None)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, on a whole second, at which the zone's offset changes between these two."""
    offset = before.astimezone(zone).utcoffset()
    low = before.replace(microsecond=0)
    seconds = (after - low) // _SECOND
    unchanged, changed = 0, seconds
    while changed - unchanged > 1:
        middle = (unchanged + changed) // 2
        if (low + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            unchanged = middle
        else:
            changed = middle
    return low + timedelta(seconds=changed)
