"""The database: tables, migrations, and the few ways of reading and writing them. The database is the truth."""

from escalator.store.database import Database
from escalator.store.migrate import migrate

__all__ = ["Database", "migrate"]
