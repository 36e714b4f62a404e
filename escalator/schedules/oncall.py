"""Who is on call in a schedule, at an instant and over a period.

An override wins over the calendar, the calendar over the layers, a later layer over an earlier one; the people of the
schedule itself are on call when nobody else is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from escalator.model.schedule import Booking, Hours, Layer, Override, Schedule, Shift
from escalator.schedules.hours import is_open, openings_and_closings
from escalator.schedules.local_time import first_instant, local_time_reached
from escalator.schedules.rotation import handoffs, person_on_turn


def on_call(
    schedule: Schedule, hours: Mapping[str, Hours], bookings: Sequence[Booking], at: datetime
) -> tuple[str, ...]:
    """Return who is on call at this instant, each once; may be empty. Unknown hours count as open."""
    at = at.astimezone(UTC)
    now = local_time_reached(at, schedule.timezone)
    for override in reversed(schedule.overrides):
        if _has_come(override.start, now, at) and not _has_come(override.end, now, at):
            return (override.person,)
    booked = [person for booking in bookings if booking.start <= at < booking.end for person in booking.people]
    if booked:
        return tuple(dict.fromkeys(booked))
    for layer in reversed(schedule.layers):
        person = person_on_turn(layer, now)
        own = _hours_of(layer, hours)
        if person is not None and (own is None or is_open(own, at)):
            return (person,)
    return schedule.people


def shifts_between(
    schedule: Schedule, hours: Mapping[str, Hours], bookings: Sequence[Booking], start: datetime, end: datetime
) -> Iterator[Shift]:
    """Yield who is on call from start to end, without gap or overlap; consecutive shifts differ in people."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    instants = {at for at in _changes(schedule, hours, bookings, start, end) if start < at < end}
    if start >= end:
        return
    yield from join_equal_shifts(
        Shift(begins, ends, on_call(schedule, hours, bookings, begins))
        for begins, ends in pairwise((start, *sorted(instants), end))
    )


@lru_cache(maxsize=256)
def remembered_shifts(
    schedule: Schedule,
    hours: tuple[tuple[str, Hours], ...],
    bookings: tuple[Booking, ...],
    start: datetime,
    end: datetime,
) -> tuple[Shift, ...]:
    """Return `shifts_between`, computed once for equal inputs: for periods that many people look at.

    It depends on nothing else, so a new policy, override or calendar never shows old shifts.
    """
    return tuple(shifts_between(schedule, dict(hours), bookings, start, end))


def join_equal_shifts(pieces: Iterable[Shift]) -> Iterator[Shift]:
    """Join consecutive shifts with the same people."""
    for people, group in groupby(pieces, key=lambda piece: piece.people):
        same = list(group)
        yield Shift(same[0].start, same[-1].end, people)


def _hours_of(layer: Layer, hours: Mapping[str, Hours]) -> Hours | None:
    """Return the hours in which the layer counts, or None when it always does."""
    return hours.get(layer.hours) if layer.hours else None


def _has_come(moment: datetime, now: datetime, at: datetime) -> bool:
    """Return whether the local clock, or time itself, has reached this moment, naive or aware."""
    return moment <= (now if moment.tzinfo is None else at)


def _instant(moment: datetime, zone: ZoneInfo) -> datetime:
    return first_instant(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def _changes(
    schedule: Schedule, hours: Mapping[str, Hours], bookings: Sequence[Booking], start: datetime, end: datetime
) -> Iterator[datetime]:
    """Yield every instant, in any order, at which it may become somebody else; not only those from start to end."""
    spans: tuple[Override | Booking, ...] = (*schedule.overrides, *bookings)
    for span in spans:
        yield _instant(span.start, schedule.timezone)
        yield _instant(span.end, schedule.timezone)
    for layer in schedule.layers:
        yield from handoffs(layer, schedule.timezone, start, end)
        own = _hours_of(layer, hours)
        if own is not None:
            yield from openings_and_closings(own, start, end)
