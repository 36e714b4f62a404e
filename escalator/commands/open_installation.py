"""Open what commands need: a database that is ready."""

import logging
from pathlib import Path

from escalator.bootstrap import build, configure_logging
from escalator.errors import ConfigurationError
from escalator.services.core.context import Core
from escalator.settings import from_environment
from escalator.store import Database
from escalator.store.schema import is_current

_POOL_SIZE = 2


def open_core() -> Core:
    """Return the parts of this process; raises ConfigurationError when the database is missing or not current."""
    configure_logging(logging.WARNING)
    core = build(from_environment(), pool_size=_POOL_SIZE)
    if not has_database(core) or not is_current(core.database):
        raise ConfigurationError("the database has no schema or an old one; run `escalator migrate`")
    return core


def has_database(core: Core) -> bool:
    """Whether there is a database: connecting to SQLite would create an empty file."""
    return is_there(core.database)


def is_there(database: Database) -> bool:
    """Whether a database is there, as far as that is known without connecting."""
    path = database.url.database
    return not database.is_sqlite or (path is not None and Path(path).exists())
