"""Requests from vendors: stored before the answer, once for each of their events, processed by workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, exists, func, select, update

from escalator.model.destination_kind import DestinationKind
from escalator.store.tables import vendor_callbacks
from escalator.store.upserts import upsert


class CallbackState(StrEnum):
    """Status."""

    NEW = "new"
    DONE = "done"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class VendorCallback:
    """One verified request of a vendor, about one `subject` there (empty if about nothing).

    `attempts` counts our own failures. `sealed_body` is None once it is done: nobody needs it any more.
    """

    id: UUID
    vendor: DestinationKind
    event_id: str
    subject: str
    is_sandbox: bool
    received_at: datetime
    sealed_body: bytes | None
    attempts: int = 0


_KEPT = tuple(vendor_callbacks.c[name] for name in VendorCallback.__dataclass_fields__)


def insert(connection: Connection, new: VendorCallback) -> bool:
    """Write a callback; False if the same event of the vendor exists already."""
    values = {name: getattr(new, name) for name in VendorCallback.__dataclass_fields__}
    statement = upsert(connection, vendor_callbacks).values(
        **values, state=CallbackState.NEW, next_attempt_at=new.received_at
    )
    inserted_id = connection.scalar(
        statement.on_conflict_do_nothing(index_elements=["vendor", "event_id"]).returning(vendor_callbacks.c.id)
    )
    return inserted_id is not None


def due(connection: Connection, now: datetime, limit: int) -> Sequence[VendorCallback]:
    """Return the oldest due ones; of those about one subject only the first."""
    earlier = vendor_callbacks.alias()
    has_earlier = exists().where(
        earlier.c.vendor == vendor_callbacks.c.vendor,
        earlier.c.subject == vendor_callbacks.c.subject,
        earlier.c.subject != "",
        earlier.c.state == CallbackState.NEW,
        earlier.c.received_at < vendor_callbacks.c.received_at,
    )
    waiting = select(*_KEPT).where(
        vendor_callbacks.c.state == CallbackState.NEW, vendor_callbacks.c.next_attempt_at <= now, ~has_earlier
    )
    return [_callback(row) for row in connection.execute(waiting.order_by(vendor_callbacks.c.received_at).limit(limit))]


def lock(connection: Connection, callback_id: UUID) -> VendorCallback | None:
    """Return a callback that still waits, locked; None if done or held elsewhere."""
    mine = select(*_KEPT).where(vendor_callbacks.c.id == callback_id, vendor_callbacks.c.state == CallbackState.NEW)
    row = connection.execute(mine.with_for_update(skip_locked=True)).first()
    return None if row is None else _callback(row)


def mark_done(connection: Connection, callback_id: UUID, reason: str | None = None) -> None:
    """Record that it is done; its body is deleted."""
    values: dict[str, Any] = {"state": CallbackState.DONE, "sealed_body": None, "reason": reason}
    connection.execute(update(vendor_callbacks).where(vendor_callbacks.c.id == callback_id).values(values))


def postpone(connection: Connection, callback_id: UUID, until: datetime, reason: str, *, is_fault: bool) -> None:
    """Delay it until a retry; our own failure is counted."""
    values: dict[str, Any] = {"next_attempt_at": until, "reason": reason}
    values |= {"attempts": vendor_callbacks.c.attempts + 1} if is_fault else {}
    connection.execute(update(vendor_callbacks).where(vendor_callbacks.c.id == callback_id).values(values))


def park(connection: Connection, callback_id: UUID, reason: str) -> None:
    """Record that it failed for good."""
    connection.execute(
        update(vendor_callbacks)
        .where(vendor_callbacks.c.id == callback_id)
        .values(state=CallbackState.PARKED, reason=reason)
    )


def delete_before(connection: Connection, now: datetime, after: timedelta) -> None:
    """Delete old callbacks: no vendor resends them."""
    connection.execute(delete(vendor_callbacks).where(vendor_callbacks.c.received_at < now - after))


def count_parked(connection: Connection) -> int:
    """Return how many failed for good."""
    parked = select(func.count()).select_from(vendor_callbacks).where(vendor_callbacks.c.state == CallbackState.PARKED)
    return connection.scalar(parked) or 0


def _callback(row: Row[Any]) -> VendorCallback:
    return VendorCallback(**dict(row._mapping) | {"vendor": DestinationKind(row.vendor)})
