"""Claims that a living process holds without knowing it: it never learned that they were committed."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, and_, select, union_all, update

from escalator.store.deliveries import DeliveryState
from escalator.store.leases import HEARTBEAT_TIMEOUT
from escalator.store.tables import deliveries, posted_messages


def find_lost(connection: Connection, owner: UUID, known: Collection[UUID], now: datetime) -> list[UUID]:
    """Return the deliveries and messages that this process claimed some time ago and does not know of."""
    mine = (
        select(table.c.id).where(_is_held(table, owner), table.c.claimed_at < now - HEARTBEAT_TIMEOUT)
        for table in (deliveries, posted_messages)
    )
    return [claimed_id for claimed_id in connection.scalars(union_all(*mine)) if claimed_id not in known]


def release(connection: Connection, owner: UUID, ids: Collection[UUID]) -> None:
    """Release claims of this process, so that any process may claim them at once."""
    given_up = {"claimed_by": None, "claimed_at": None}
    for table, values in ((deliveries, given_up | {"state": DeliveryState.PENDING}), (posted_messages, given_up)):
        connection.execute(update(table).where(table.c.id.in_(ids), _is_held(table, owner)).values(values))


def _is_held(table: Table, owner: UUID) -> ColumnElement[bool]:
    is_open = (
        table.c.state == DeliveryState.SENDING
        if table is deliveries
        else table.c.shown_revision < table.c.wanted_revision
    )
    return and_(table.c.claimed_by == owner, is_open)
