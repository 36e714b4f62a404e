"""Checks which schema a database has, without loading Alembic: that takes memory in every process."""

from enum import Enum
from functools import cache
from pathlib import Path

from sqlalchemy import column, inspect, select, table

from escalator.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = table("alembic_version", column("version_num"))


@cache
def newest() -> str:
    """Return the newest revision, from the file names of the migrations."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


class SchemaAge(Enum):
    """How a database's schema compares with the one that this release needs."""

    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def is_current(database: Database) -> bool:
    """Whether the database has the schema that this release needs. Raises Unavailable."""
    return schema_age(database) is SchemaAge.CURRENT


def schema_age(database: Database) -> SchemaAge:
    """Return how old the schema is; a database without one is older. Raises Unavailable."""
    with database.reading() as connection:
        has_version = inspect(connection).has_table(_VERSION.name)
        version = connection.scalar(select(_VERSION.c.version_num)) if has_version else None
    if version is None or version < newest():
        return SchemaAge.OLDER
    return SchemaAge.CURRENT if version == newest() else SchemaAge.NEWER
