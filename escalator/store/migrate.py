"""Bring a database to the newest schema, whoever asks first."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from escalator.store.database import Database

_LOCK = 0x657363616C61746F


def migrate(url: str, revision: str = "head") -> None:
    """Apply every migration that is missing up to that one, one process at a time."""
    database = Database(url, pool_size=2, patience_s=None)
    try:
        with database.writing() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        database.close()


def is_current(database: Database) -> bool:
    """Whether the database has the schema that this version of the product needs."""
    with database.reading() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
