"""Small values by name: which Slack workspace a token belongs to, which policy file was offered last."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from escalator.store.tables import key_values
from escalator.store.upserts import upsert


def save(connection: Connection, name: str, value: str, at: datetime) -> None:
    """Save a small value, such as the workspace of our token."""
    statement = upsert(connection, key_values).values(key=name, value=value, updated_at=at)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value, "updated_at": at}))


class StoredValue(NamedTuple):
    """A small value, and when it was last saved."""

    value: str
    updated_at: datetime


def get_with_time(connection: Connection, name: str) -> StoredValue | None:
    """Return a small value and when it was last saved, if there is one."""
    row = connection.execute(
        select(key_values.c.value, key_values.c.updated_at).where(key_values.c.key == name)
    ).first()
    return None if row is None else StoredValue(row.value, row.updated_at)


def get(connection: Connection, name: str) -> str | None:
    """Return a small value, if there is one."""
    value: str | None = connection.scalar(select(key_values.c.value).where(key_values.c.key == name))
    return value
