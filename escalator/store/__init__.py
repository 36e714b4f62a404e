"""The database: tables, migrations, queries and writes. The database is the single source of truth."""

from escalator.store.database import Database

__all__ = ["Database"]
