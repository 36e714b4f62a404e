"""The database: tables, migrations, and the few ways of reading and writing them. The database is the truth."""

from escalator.store.database import Database

__all__ = ["Database"]
