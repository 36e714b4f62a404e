"""Recent sign-in attempts."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select
from uuid6 import uuid7

from escalator.store.tables import login_attempts


def recent(connection: Connection, key: str, since: datetime, most: int) -> Sequence[datetime]:
    """Return when attempts were made since then, at most `most`, newest first."""
    mine = (
        select(login_attempts.c.attempted_at)
        .where(login_attempts.c.key == key, login_attempts.c.attempted_at > since)
        .order_by(login_attempts.c.attempted_at.desc())
    )
    return connection.scalars(mine.limit(most)).all()


def add(connection: Connection, key: str, now: datetime) -> None:
    """Record one."""
    connection.execute(insert(login_attempts).values(id=uuid7(), key=key, attempted_at=now))


def delete_before(connection: Connection, before: datetime) -> None:
    """Delete attempts older than that."""
    connection.execute(delete(login_attempts).where(login_attempts.c.attempted_at < before))
