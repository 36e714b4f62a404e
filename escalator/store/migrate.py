"""Migrates a database to the newest schema, from any process."""

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from escalator.store.database import Database
from escalator.store.schema import MIGRATIONS

_LOCK = 0x657363616C61746F


def migrate(url: str, revision: str = "head") -> None:
    """Apply all missing migrations up to that one, one process at a time."""
    database = Database(url, pool_size=2, patience_s=None)
    try:
        with database.migrating() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        database.close()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
