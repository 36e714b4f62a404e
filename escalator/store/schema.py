"""Which schema a database has, asked without the machinery that changes it: that takes memory in every process."""

from functools import cache
from pathlib import Path

from sqlalchemy import column, inspect, select, table

from escalator.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = table("alembic_version", column("version_num"))


@cache
def newest() -> str:
    """Return the newest revision: the files of the migrations begin with theirs."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def is_current(database: Database) -> bool:
    """Whether the database has the schema that this version of the product needs. Raises Unavailable."""
    with database.reading() as connection:
        if not inspect(connection).has_table(_VERSION.name):
            return False
        return connection.scalar(select(_VERSION.c.version_num)) == newest()
