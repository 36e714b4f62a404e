"""Who has tried to sign in lately."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select
from uuid6 import uuid7

from escalator.store.tables import tries


def recent(connection: Connection, key: str, since: datetime, most: int) -> Sequence[datetime]:
    """Return when something was tried since then, at most so often, the newest first."""
    mine = select(tries.c.at).where(tries.c.key == key, tries.c.at > since).order_by(tries.c.at.desc())
    return connection.scalars(mine.limit(most)).all()


def add(connection: Connection, key: str, now: datetime) -> None:
    """Note one."""
    connection.execute(insert(tries).values(id=uuid7(), key=key, at=now))


def delete_before(connection: Connection, before: datetime) -> None:
    """Delete what was tried before that."""
    connection.execute(delete(tries).where(tries.c.at < before))
