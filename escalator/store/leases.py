"""When a claim on a row lapses: its process stopped sending heartbeats, or has held it too long."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    bindparam,
    exists,
    not_,
    or_,
)

from escalator.store.tables import Instant, processes

HEARTBEAT_TIMEOUT = timedelta(seconds=6)
MAX_LEASE = timedelta(seconds=60)


def is_lapsed(table: Table) -> ColumnElement[bool]:
    """Whether a claim is no longer valid: its process sends no heartbeats, or it has lasted too long.

    The condition takes the values of `lapsed_since`, so that statements with it are built once and reused.
    """
    heartbeat_since = bindparam("heard_since", type_=Instant)
    alive = exists().where(processes.c.id == table.c.claimed_by, processes.c.last_heartbeat_at > heartbeat_since)
    return or_(
        table.c.claimed_at < bindparam("leased_since", type_=Instant),
        and_(not_(alive), table.c.claimed_at < heartbeat_since),
    )


def lapsed_since(now: datetime, silence: timedelta = HEARTBEAT_TIMEOUT) -> dict[str, Any]:
    """Return the parameters of a statement with `is_lapsed`, and the present instant as `now`."""
    return {"now": now, "heard_since": now - silence, "leased_since": now - MAX_LEASE}
