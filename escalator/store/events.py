"""Stored webhook deliveries: written before the 2xx, taken by the workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from escalator.store.tables import events


class EventState(StrEnum):
    """What became of an event."""

    NEW = "new"
    DONE = "done"
    IGNORED = "ignored"
    INVALID = "invalid"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One verified delivery. `sealed_body` is None for what is only counted and for what has been purged."""

    id: UUID
    source: str
    sha256: str
    type: str
    received_at: datetime
    state: EventState
    webhook_id: str | None = None
    sealed_body: bytes | None = None
    attempts: int = 0


def insert(connection: Connection, event: StoredEvent) -> bool:
    """Write an event; return False when the very same delivery is there already."""
    kind = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values = {name: getattr(event, name) for name in StoredEvent.__dataclass_fields__}
    written = connection.execute(
        kind(events)
        .values(next_at=event.received_at, **values)
        .on_conflict_do_nothing(index_elements=["source", "sha256"])
        .returning(events.c.id)
    )
    return written.scalar_one_or_none() is not None


def lock_new(connection: Connection, now: datetime, limit: int, only: UUID | None = None) -> list[StoredEvent]:
    """Return the oldest events that wait for their processing, locked; what others hold is left to them."""
    chosen = events.c.id == only if only is not None else events.c.next_at <= now
    columns = [events.c[name] for name in StoredEvent.__dataclass_fields__]
    rows = connection.execute(
        select(*columns)
        .where(events.c.state == EventState.NEW, chosen)
        .order_by(events.c.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [StoredEvent(**dict(row._mapping) | {"state": EventState(row.state)}) for row in rows]


def put_off(connection: Connection, ids: Sequence[UUID], until: datetime) -> None:
    """Let events wait, for their item's own event or for another try."""
    if ids:
        connection.execute(update(events).where(events.c.id.in_(ids)).values(next_at=until))


def done(connection: Connection, belongs: Sequence[tuple[UUID, UUID | None]]) -> None:
    """Note which incident each event went to; of one that went to none only its type, time and hash are kept."""
    for incident_id in {owner for _event, owner in belongs}:
        ids = [event for event, owner in belongs if owner == incident_id]
        values = (
            {"state": EventState.IGNORED, "sealed_body": None}
            if incident_id is None
            else {"state": EventState.DONE, "incident_id": incident_id}
        )
        connection.execute(update(events).where(events.c.id.in_(ids)).values(values))


def failed(connection: Connection, event_id: UUID, next_at: datetime, reason: str, most: int) -> bool:
    """Count a failed try; park the event after the last one, and return whether it is parked."""
    attempts = connection.scalar(
        update(events)
        .where(events.c.id == event_id)
        .values(attempts=events.c.attempts + 1, next_at=next_at, reason=reason)
        .returning(events.c.attempts)
    )
    if (attempts or 0) < most:
        return False
    connection.execute(update(events).where(events.c.id == event_id).values(state=EventState.PARKED))
    return True


def waiting_since(connection: Connection, now: datetime) -> datetime | None:
    """Return since when the oldest unprocessed event that is due has waited."""
    found: datetime | None = connection.scalar(
        select(func.min(events.c.next_at)).where(events.c.state == EventState.NEW, events.c.next_at <= now)
    )
    return found
