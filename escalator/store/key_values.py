"""Small facts, each by a name: which Slack workspace a token belongs to, which policy file was offered last."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from escalator.store.tables import known
from escalator.store.upserts import upsert


def save(connection: Connection, name: str, value: str, at: datetime) -> None:
    """Keep a small fact, such as which workspace our token belongs to."""
    statement = upsert(connection, known).values(name=name, value=value, at=at)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value, "at": at}))


class StoredValue(NamedTuple):
    """A small fact, and when it was last said."""

    value: str
    at: datetime


def get_with_time(connection: Connection, name: str) -> StoredValue | None:
    """Return a small fact and when it was last said, if it is known."""
    row = connection.execute(select(known.c.value, known.c.at).where(known.c.name == name)).first()
    return None if row is None else StoredValue(row.value, row.at)


def get(connection: Connection, name: str) -> str | None:
    """Return a small fact, if it is known."""
    found: str | None = connection.scalar(select(known.c.value).where(known.c.name == name))
    return found
