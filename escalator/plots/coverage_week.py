"""A coverage as one week: for every hour of the week, the worst over all its weeks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from escalator.engine.coverage.values import (
    GRAVE_FOR_COVERAGE,
    Coverage,
    CoverageInterval,
    CoverageRow,
    ReachedRecipient,
)

HOURS = 24
SLOTS = 7 * HOURS
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HourCell:
    """The worst of an hour of the week: the wait for the first notification (None: nobody), and when."""

    wait: timedelta | None
    first: ReachedRecipient | None
    opened: datetime
    row: CoverageRow

    @property
    def badness(self) -> timedelta:
        """Return the wait; timedelta.max for nobody."""
        return timedelta.max if self.wait is None else self.wait


Week = tuple[HourCell | None, ...]
"""One cell for each hour, Monday 00:00 first; None where every path is silent on purpose."""


def worst_weeks(coverage: Coverage) -> dict[str | None, Week]:
    """Return for each category the week of its high and critical rows."""
    of_category: dict[str | None, list[CoverageRow]] = {}
    for row in coverage.rows:
        if row.severity in GRAVE_FOR_COVERAGE:
            of_category.setdefault(row.category, []).append(row)
    return {category: _week(rows, coverage.timezone) for category, rows in of_category.items()}


def _week(rows: Iterable[CoverageRow], zone: ZoneInfo) -> Week:
    """Return the worst of these rows; conditional rows count only in hours that are not silent without them."""
    worst: list[HourCell | None] = [None] * SLOTS
    for row in sorted(_distinct(rows), key=lambda row: not row.is_unconditional):
        for slot, cell in _cells(row, zone):
            known = worst[slot]
            if row.is_unconditional if known is None else cell.badness > known.badness:
                worst[slot] = cell
    return tuple(worst)


def _distinct(rows: Iterable[CoverageRow]) -> Iterable[CoverageRow]:
    """Return one of the rows that share their intervals: an unconditional one, of the highest severity."""
    return {
        id(row.intervals): row for row in sorted(rows, key=lambda row: (row.is_unconditional, row.severity))
    }.values()


def _cells(row: CoverageRow, zone: ZoneInfo) -> Iterator[tuple[int, HourCell]]:
    for interval in row.intervals_with_steps:
        for slot, opened in _slots(interval, zone):
            yield slot, HourCell(interval.within(opened), interval.first, opened, row)


def _slots(interval: CoverageInterval, zone: ZoneInfo) -> Iterator[tuple[int, datetime]]:
    """Yield every hour that the interval overlaps, with its first instant there, which has the longest wait."""
    at = interval.start
    while at < interval.end:
        local = at.astimezone(zone)
        yield local.weekday() * HOURS + local.hour, at
        at += _HOUR - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
