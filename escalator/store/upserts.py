"""INSERT … ON CONFLICT: the same SQL in SQLite and PostgreSQL, but separate in SQLAlchemy."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table) -> Any:
    """Return an INSERT into the table that can take an ON CONFLICT clause."""
    return upsert_for(connection.dialect.name, table)


@cache
def insert_or_leave(dialect: str, table: Table) -> Any:
    """Return an INSERT that leaves existing rows as they are; built once, because it is used all the time."""
    return upsert_for(dialect, table).on_conflict_do_nothing()


def upsert_for(dialect: str, table: Table) -> Any:
    """Return the same for a dialect by name: for a statement that is built once and used for every event."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
