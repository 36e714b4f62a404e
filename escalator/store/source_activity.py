"""The timing of a source's events, queried without reading all of them."""

from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, column, func, select, values

from escalator.store.tables import Instant, events

SLOT = timedelta(minutes=30)


INTERNAL_TYPES = ("escalator.drill", "escalator.manual", "escalator.recovered")
"""Types of events that the product itself creates under the name of a source: none of them shows that webhooks come."""
_IS_WEBHOOK = events.c.type.not_in(INTERNAL_TYPES)


def last_event_at(connection: Connection, source: str) -> datetime | None:
    """Return when the last external event of a source came."""
    statement = select(func.max(events.c.received_at)).where(events.c.source == source, _IS_WEBHOOK)
    last: datetime | None = connection.scalar(statement)
    return last


def has_at_least(connection: Connection, source: str, count: int, since: datetime) -> bool:
    """Whether a source has sent at least `count` events since then."""
    statement = select(events.c.id).where(events.c.source == source, events.c.received_at >= since, _IS_WEBHOOK)
    return connection.scalar(statement.order_by(events.c.received_at).offset(count - 1).limit(1)) is not None


def count_events(connection: Connection, source: str, since: datetime) -> int:
    """Return how many events a source has sent since then."""
    statement = select(func.count()).select_from(events)
    conditions = (events.c.source == source, events.c.received_at >= since, _IS_WEBHOOK)
    return connection.scalar(statement.where(*conditions)) or 0


def longest_gap(connection: Connection, source: str, since: datetime, until: datetime) -> timedelta:
    """Return the longest time between two successive events of a source; gaps within one slot are ignored.

    Of each slot only the first and the last event are read, by index: a flood of events costs no more than a few, and
    a gap longer than a slot lies between the last event of one and the first of a later one.
    """
    count = -((since - until) // SLOT)
    starts = [since + SLOT * number for number in range(count)]
    slots = values(column("starts", Instant), column("ends", Instant), name="slots")
    slots = slots.data([(start, min(start + SLOT, until)) for start in starts])
    slot = slots.cte("slots")
    is_within = (events.c.received_at >= slot.c.starts, events.c.received_at < slot.c.ends)
    within = (events.c.source == source, *is_within, _IS_WEBHOOK)
    first = select(func.min(events.c.received_at)).where(*within).correlate(slot).scalar_subquery()
    last = select(func.max(events.c.received_at)).where(*within).correlate(slot).scalar_subquery()
    statement = select(first.label("first"), last.label("last")).select_from(slot).order_by(slot.c.starts)
    rows = connection.execute(statement)
    busy_slots = [(row.first, row.last) for row in rows if row.first is not None]
    return max((later[0] - earlier[1] for earlier, later in pairwise(busy_slots)), default=timedelta(0))
