"""Manual overrides: a person on call instead of another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, or_, select, true, update

from escalator.model.levels import Mode
from escalator.model.schedule import ManualOverride
from escalator.store.tables import overrides


def insert(connection: Connection, new: ManualOverride, via: str, now: datetime) -> None:
    """Write an override that somebody made now; `via` is where."""
    values = {
        "id": new.id,
        "schedule": new.schedule,
        "person": new.person,
        "starts_at": new.start,
        "ends_at": new.end,
        "author": new.author,
        "via": via,
        "at": now,
    }
    connection.execute(overrides.insert(), values)


def ending_after(connection: Connection, at: datetime, *, is_sandbox: bool) -> Sequence[ManualOverride]:
    """Return those that had not ended at this instant, newest last; those of the sandbox only if `is_sandbox`.

    One that was ended early is returned with the end that it had then.
    """
    still = and_(overrides.c.ended_at > at, overrides.c.ended_at > overrides.c.starts_at)
    counts = true() if is_sandbox else overrides.c.via != Mode.SANDBOX.value
    conditions = and_(overrides.c.ends_at > at, or_(overrides.c.ended_at.is_(None), still), counts)
    return [_stand_in(row) for row in connection.execute(select(overrides).where(conditions).order_by(overrides.c.id))]


def lock_active(connection: Connection, override_id: UUID, *, is_sandbox: bool) -> ManualOverride | None:
    """Return an override not ended early, locked; in the sandbox only one made there."""
    theirs = overrides.c.via == Mode.SANDBOX.value if is_sandbox else true()
    statement = select(overrides).where(overrides.c.id == override_id, overrides.c.ended_at.is_(None), theirs)
    row = connection.execute(statement.with_for_update()).one_or_none()
    return None if row is None else _stand_in(row)


def end(connection: Connection, override_id: UUID, now: datetime) -> None:
    """End an override now."""
    connection.execute(update(overrides).where(overrides.c.id == override_id).values(ended_at=now))


def _stand_in(row: Row[Any]) -> ManualOverride:
    end = row.ends_at if row.ended_at is None else min(row.ends_at, row.ended_at)
    return ManualOverride(row.id, row.schedule, row.person, row.starts_at, end, row.author)
