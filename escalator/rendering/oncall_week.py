"""A schedule as a strip for each week: shifts in a row, as wide as they are long on the reader's clock.

Every week has the same number of half-hour slots, also when the clock changes in it. A shift or a gap that is shorter
than a slot still takes one, so that it stays visible.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from escalator.model.schedule import Shift
from escalator.schedules.local_time import first_instant, local_time_reached

SLOTS_OF_DAY = 48
SLOTS = 7 * SLOTS_OF_DAY
_SLOT = timedelta(days=1) / SLOTS_OF_DAY


@dataclass(frozen=True, slots=True)
class Cell:
    """One shift, how many slots of the week it takes, and whether it begins and ends in that week."""

    shift: Shift
    width: int
    begins_here: bool
    ends_here: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """One week, from Monday: the widths of its cells add up to SLOTS."""

    monday: date
    cells: tuple[Cell, ...]


def monday_of(day: date) -> date:
    """Return the Monday of its week."""
    return day - timedelta(days=day.weekday())


def begins(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins in the zone."""
    return first_instant(datetime.combine(day, time.min), zone)


def strip(shifts: Sequence[Shift], monday: date, zone: ZoneInfo) -> Strip:
    """Return the week from that Monday of shifts that cover it without gap."""
    start, end = begins(monday, zone), begins(monday + timedelta(days=7), zone)
    visible = [shift for shift in shifts if shift.start < end and start < shift.end]
    edges = _edges([_slot(max(shift.start, start), monday, zone) for shift in visible[1:]])
    widths = [after - before for before, after in pairwise(edges)]
    cells = (
        Cell(shift, width, shift.start >= start, shift.end <= end)
        for shift, width in zip(visible, widths, strict=True)
        if width
    )
    return Strip(monday, tuple(cells))


def _slot(at: datetime, monday: date, zone: ZoneInfo) -> int:
    return round((local_time_reached(at, zone) - datetime.combine(monday, time.min)) / _SLOT)


def _edges(changes: Sequence[int]) -> list[int]:
    """Return the slots at which cells begin and the last one ends: at least one apart, while there is room."""
    edges = [0]
    for place, change in enumerate(changes):
        last = SLOTS - (len(changes) - place)
        edges.append(max(min(max(change, edges[-1] + 1), last), edges[-1]))
    return [*edges, SLOTS]
