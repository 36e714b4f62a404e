"""The sandbox's inbox: messages that would have been sent. Only the sealed column holds text."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, true, update

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.model.sandbox_item import InboxItem, InboxItemType
from escalator.store.tables import incidents, sandbox_inbox
from escalator.store.upserts import upsert
from escalator.store.visibility import Audience


def insert(connection: Connection, new: InboxItem) -> bool:
    """Write an item; if its `ts` is taken, write nothing and return False."""
    values = {name: getattr(new, name) for name in InboxItem.__dataclass_fields__}
    statement = upsert(connection, sandbox_inbox).values(**values).on_conflict_do_nothing(index_elements=["ts"])
    return connection.scalar(statement.returning(sandbox_inbox.c.id)) is not None


def lock_message(connection: Connection, address: str, ts: str) -> InboxItem | None:
    """Return the message there, locked."""
    mine = (sandbox_inbox.c.type == InboxItemType.MESSAGE, sandbox_inbox.c.address == address, sandbox_inbox.c.ts == ts)
    return _item(connection.execute(select(sandbox_inbox).where(*mine).with_for_update()).first())


def update_payload(connection: Connection, item_id: UUID, sealed_payload: bytes, at: datetime) -> None:
    """Replace a message's content."""
    connection.execute(
        update(sandbox_inbox).where(sandbox_inbox.c.id == item_id).values(sealed_payload=sealed_payload, updated_at=at)
    )


def find(connection: Connection, item_id: UUID, audience: Audience | None = None) -> InboxItem | None:
    """Return one item; with an audience only if it may see it."""
    return _item(
        connection.execute(select(sandbox_inbox).where(sandbox_inbox.c.id == item_id, _seen_by(audience))).first()
    )


def destination_at(connection: Connection, address: str) -> str | None:
    """Return the last destination of an address."""
    destination: str | None = connection.scalar(
        select(sandbox_inbox.c.destination)
        .where(sandbox_inbox.c.type == InboxItemType.MESSAGE, sandbox_inbox.c.address == address)
        .order_by(sandbox_inbox.c.created_at.desc(), sandbox_inbox.c.id.desc())
        .limit(1)
    )
    return destination


def newest_about(
    connection: Connection, channel: DestinationKind, destination: str, incident_id: UUID | None, limit: int
) -> Sequence[InboxItem]:
    """Return a channel's newest items about an incident (None: about none) at a destination, newest first."""
    mine = (
        sandbox_inbox.c.channel == channel,
        sandbox_inbox.c.destination == destination,
        sandbox_inbox.c.incident_id == incident_id,
    )
    rows = connection.execute(
        select(sandbox_inbox)
        .where(*mine)
        .order_by(sandbox_inbox.c.created_at.desc(), sandbox_inbox.c.id.desc())
        .limit(limit)
    )
    return [item for row in rows if (item := _item(row))]


def newest_ts(connection: Connection, channel: DestinationKind, address: str) -> str | None:
    """Return the newest `ts` of a channel at an address."""
    ts: str | None = connection.scalar(
        select(sandbox_inbox.c.ts)
        .where(sandbox_inbox.c.channel == channel, sandbox_inbox.c.address == address)
        .order_by(sandbox_inbox.c.created_at.desc(), sandbox_inbox.c.id.desc())
        .limit(1)
    )
    return ts


def newest(
    connection: Connection, limit: int, views_since: datetime, audience: Audience | None = None
) -> Sequence[InboxItem]:
    """Return the newest items, oldest of them first; of windows only those opened since then.

    With an audience: only those about incidents that it may see, or about none.
    """
    rows = connection.execute(
        select(sandbox_inbox)
        .where(
            or_(sandbox_inbox.c.type != InboxItemType.VIEW, sandbox_inbox.c.created_at >= views_since),
            _seen_by(audience),
        )
        .order_by(sandbox_inbox.c.created_at.desc(), sandbox_inbox.c.id.desc())
        .limit(limit)
    )
    return [item for row in reversed(rows.all()) if (item := _item(row))]


def count_incidents(connection: Connection) -> int:
    """Return how many incidents were opened in the sandbox, about which nothing was sent."""
    statement = select(func.count()).select_from(incidents).where(incidents.c.mode == Mode.SANDBOX)
    return connection.scalar(statement) or 0


def _seen_by(audience: Audience | None) -> ColumnElement[bool]:
    if audience is None:
        return true()
    seen = select(incidents.c.id).where(incidents.c.id == sandbox_inbox.c.incident_id, audience.may_see()).exists()
    return or_(sandbox_inbox.c.incident_id.is_(None), seen)


def _item(row: Row[Any] | None) -> InboxItem | None:
    if row is None:
        return None
    values = {name: getattr(row, name) for name in InboxItem.__dataclass_fields__}
    return InboxItem(**values | {"type": InboxItemType(row.type), "channel": DestinationKind(row.channel)})
