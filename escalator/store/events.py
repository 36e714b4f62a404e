"""Stored webhook events: written before the 2xx, processed by the workers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from escalator.store.tables import events
from escalator.store.upserts import upsert_for


class EventState(StrEnum):
    """An event's processing."""

    NEW = "new"
    DONE = "done"
    IGNORED = "ignored"
    INVALID = "invalid"
    PARKED = "parked"


_JOIN = (
    update(events)
    .where(events.c.id == bindparam("event"))
    .values(state=EventState.DONE, incident_id=bindparam("owner"))
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One verified event. `sealed_body` is None for what is only counted and for what has been purged.

    Events of one `queue` are probably about one kind of harm; events of another one do not wait for them.
    """

    id: UUID
    source: str
    sha256: str
    type: str
    received_at: datetime
    state: EventState
    webhook_id: str | None = None
    sealed_body: bytes | None = None
    attempts: int = 0
    queue: str = ""


_ALL = select(*(events.c[name] for name in StoredEvent.__dataclass_fields__))
_NEW = _ALL.where(events.c.state == EventState.NEW)
_THIS = _NEW.where(events.c.id == bindparam("event")).with_for_update(skip_locked=True)
_OLDEST = (
    _NEW.where(events.c.next_at <= bindparam("now"))
    .order_by(events.c.next_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_OLDEST_OF_OTHERS = _OLDEST.where(events.c.queue.not_in(bindparam("queues", expanding=True)))


@cache
def _insertion(dialect: str) -> Any:
    """Return the statement that every webhook runs, built once: building it costs more than running it."""
    new = upsert_for(dialect, events).on_conflict_do_nothing(index_elements=["source", "sha256"])
    return new.returning(events.c.id)


def insert(connection: Connection, event: StoredEvent) -> bool:
    """Write an event; return False if the same one exists already."""
    return event.id in insert_all(connection, [event])


def insert_all(connection: Connection, new: Sequence[StoredEvent]) -> frozenset[UUID]:
    """Write events in one statement; return the ids of those that did not exist yet."""
    rows = [
        {name: getattr(event, name) for name in StoredEvent.__dataclass_fields__} | {"next_at": event.received_at}
        for event in new
    ]
    # One row is written without the detour by which SQLAlchemy makes one statement of many.
    parameters = rows if len(rows) > 1 else rows[0]
    return frozenset(connection.scalars(_insertion(connection.dialect.name), parameters))


def probe_insert(connection: Connection, event: StoredEvent) -> None:
    """Insert an event and delete it again: the commit leaves no change, but proves that one could be stored."""
    insert(connection, event)
    connection.execute(delete(events).where(events.c.id == event.id))


def of_incident(connection: Connection, incident_id: UUID, limit: int) -> list[StoredEvent]:
    """Return the first events of an incident whose bodies are still kept, the oldest first."""
    conditions = (events.c.incident_id == incident_id, events.c.sealed_body.is_not(None))
    return _stored(connection.execute(_ALL.where(*conditions).order_by(events.c.received_at, events.c.id).limit(limit)))


def newest_invalid(connection: Connection, most: int, only: UUID | None = None) -> list[StoredEvent]:
    """Return signed webhooks that are invalid events, newest first; or this one."""
    conditions = [events.c.state == EventState.INVALID, *([events.c.id == only] if only else [])]
    return _stored(connection.execute(_ALL.where(*conditions).order_by(events.c.received_at.desc()).limit(most)))


def state_of(connection: Connection, event_id: UUID) -> EventState | None:
    """Return an event's state; None if it does not exist."""
    state = connection.scalar(select(events.c.state).where(events.c.id == event_id))
    return EventState(state) if state else None


def withdraw(connection: Connection, event_id: UUID) -> bool:
    """Withdraw an event from processing; False if it went to an incident. Waits for a process that holds it."""
    is_event = events.c.id == event_id
    values = {"state": EventState.IGNORED, "sealed_body": None}
    connection.execute(update(events).where(is_event, events.c.state != EventState.DONE).values(values))
    return state_of(connection, event_id) is not EventState.DONE


def lock_new(connection: Connection, now: datetime, limit: int, only: UUID | None = None) -> list[StoredEvent]:
    """Return the oldest events to be processed, locked; rows that others have locked are skipped.

    When the limit is reached, the oldest events of the other queues are added: a flood of one kind of harm then
    delays no other.
    """
    if only is not None:
        return _stored(connection.execute(_THIS, {"event": only}))
    oldest = _stored(connection.execute(_OLDEST, {"now": now, "most": limit}))
    if len(oldest) < limit:
        return oldest
    others = {"now": now, "most": limit // 2, "queues": sorted({event.queue for event in oldest})}
    return oldest + _stored(connection.execute(_OLDEST_OF_OTHERS, others))


def _stored(rows: Iterable[Row[Any]]) -> list[StoredEvent]:
    return [StoredEvent(**dict(row._mapping) | {"state": EventState(row.state)}) for row in rows]


def postpone(connection: Connection, ids: Sequence[UUID], until: datetime) -> None:
    """Delay events: they wait for their item's own event or for a retry."""
    if ids:
        connection.execute(update(events).where(events.c.id.in_(ids)).values(next_at=until))


def mark_done(connection: Connection, belongs: Sequence[tuple[UUID, UUID | None]]) -> None:
    """Record which incident each event went to; without one, only an event's type, time and hash are kept."""
    joined = [{"event": event, "owner": owner} for event, owner in belongs if owner is not None]
    if joined:
        connection.execute(_JOIN, joined)
    ignored = [event for event, owner in belongs if owner is None]
    if ignored:
        values = {"state": EventState.IGNORED, "sealed_body": None}
        connection.execute(update(events).where(events.c.id.in_(ignored)).values(values))


def record_failure(connection: Connection, event_id: UUID, next_at: datetime, reason: str, most: int) -> bool:
    """Count a failed attempt; park the event after the last one, and return whether it is parked."""
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


def oldest_due_since(connection: Connection, now: datetime) -> datetime | None:
    """Return since when the oldest due, unprocessed event has waited."""
    oldest: datetime | None = connection.scalar(
        select(func.min(events.c.next_at)).where(events.c.state == EventState.NEW, events.c.next_at <= now)
    )
    return oldest
