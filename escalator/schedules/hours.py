"""When hours are open: at an instant, from when, until when, and every opening and closing in a period.

A span is a pair of local times (`escalator.schedules.local_time`): it begins at the first instant of its `from` and
ends at the first instant of its `to`, so two adjacent spans are one.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from escalator.model.schedule import Hours
from escalator.schedules.holiday import is_holiday
from escalator.schedules.local_time import first_instant, local_time_reached

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_LOOKAHEAD_DAYS = 400
"""More than a year: what does not change in this time never does."""


def is_open(hours: Hours, at: datetime) -> bool:
    """Return whether the hours are open at this instant."""
    return _closing(hours, local_time_reached(at, hours.timezone)) is not None


def next_opening(hours: Hours, at: datetime) -> datetime | None:
    """Return the first instant from `at` on at which they are open (`at` itself if they are); None for never."""
    now = local_time_reached(at, hours.timezone)
    if _closing(hours, now) is not None:
        return at
    for ahead in range(_LOOKAHEAD_DAYS):
        span = _span(hours, now.date() + ahead * _DAY)
        if span and span[0] > now:
            opening, closing = (first_instant(edge, hours.timezone) for edge in span)
            # A span within an hour that the clock skips does not exist.
            if opening < closing:
                return opening
    return None


def next_closing(hours: Hours, at: datetime) -> datetime | None:
    """Return the first instant from `at` on at which they are closed (`at` itself if they are); None for never."""
    closed = at
    for _ in range(_LOOKAHEAD_DAYS):
        closing = _closing(hours, local_time_reached(closed, hours.timezone))
        if closing is None:
            return closed
        closed = first_instant(closing, hours.timezone)
    return None


def first_instant_in_hours(during: Hours | None, outside: Hours | None, at: datetime) -> datetime | None:
    """Return the first instant from `at` on that is within `during` and not within `outside`; None for never."""
    last = at + _LOOKAHEAD_DAYS * _DAY
    candidate: datetime | None = at
    while candidate is not None and candidate <= last:
        previous = candidate
        candidate = next_opening(during, candidate) if during else candidate
        candidate = next_closing(outside, candidate) if outside and candidate is not None else candidate
        if candidate == previous:
            return candidate
    return None


def openings_and_closings(hours: Hours, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Return every instant in [start, end) at which the hours open or close, ascending."""
    return tuple(_edges(hours, start.astimezone(UTC) - _TICK, end))


def _edges(hours: Hours, after: datetime, end: datetime) -> Iterator[datetime]:
    opened = is_open(hours, after)
    edge = next_closing(hours, after) if opened else next_opening(hours, after)
    while edge is not None and edge < end:
        yield edge
        opened = not opened
        edge = next_closing(hours, edge) if opened else next_opening(hours, edge)


def _closing(hours: Hours, now: datetime) -> datetime | None:
    """Return the local end of the span that holds this local time, or None; no two spans overlap."""
    today = now.date()
    spans = (_span(hours, today), _span(hours, today - _DAY))
    return next((span[1] for span in spans if span and span[0] <= now < span[1]), None)


def _span(hours: Hours, day: date) -> tuple[datetime, datetime] | None:
    """Return the local times between which they are open from that day on, or None when they do not open that day."""
    if day.weekday() not in hours.weekdays or (hours.holidays and is_holiday(hours.holidays, day)):
        return None
    last = day + _DAY if hours.end <= hours.start else day
    return datetime.combine(day, hours.start), datetime.combine(last, hours.end)
