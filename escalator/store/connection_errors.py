"""Decides which errors make a connection unusable, and drops it with all connections of its generation.

After a fail-over, connections to the old primary still work, but it is read-only or shutting down, while its address
leads to the new one. So on one of these errors every connection of the same generation is dropped.
"""

import sqlite3
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError

from escalator.lazy_imports import LazyImport

if TYPE_CHECKING:
    import psycopg
else:
    psycopg = LazyImport("psycopg")  # a process on SQLite never needs it

LOST_STATES: Mapping[str, str] = {
    "08": "connection exception or protocol violation; what poolers say of most trouble of their own",
    "25006": "read-only: a standby, or a primary that has been demoted",
    "25P03": "idle in a transaction for too long",
    "26000": "no such prepared statement: a pooler has given us another session",
    "42P05": "the prepared statement exists already: a pooler has given us another session",
    "53": "insufficient resources: disk full, out of memory, too many connections",
    "55000": "not in the prerequisite state: locks that a standby refuses",
    "57P": "shutting down, starting, crashed, dropped, idle for too long",
    "58": "system error: an I/O error beneath the server",
    "F0": "the server's configuration cannot be read",
    "XX": "internal error",
}
"""SQLSTATEs or their prefixes (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

_MAY_BE_ONE_ROW = "XX"
"""Corrupt data is an internal error too, but no outage: one bad row must not block the others."""

_ENDS_THE_SESSION = frozenset({"FATAL", "PANIC"})
"""https://www.postgresql.org/docs/current/protocol-error-fields.html: the server disconnects, whatever the SQLSTATE."""

_STALE_PLAN = "RevalidateCachedQuery"
"""The routine that raises `cached plan must not change result type`: a prepared statement is older than the schema
(src/backend/utils/cache/plancache.c). Its SQLSTATE only means that something is unsupported."""

_LOST_FILE = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
    }
)
_PRIMARY_CODE = 0xFF
"""The low byte of SQLite's result codes (https://www.sqlite.org/rescode.html#primary_result_codes_versus_extended…)."""


def is_lost(error: BaseException | None) -> bool:
    """Whether the driver's error means that its connection must not be used again."""
    if isinstance(error, sqlite3.Error):
        # The module's own errors have no code.
        return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _LOST_FILE
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        # Without a server message the driver itself cannot go on: closed, cut off, protocol error.
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return (
        error.diag.severity_nonlocalized in _ENDS_THE_SESSION
        or error.diag.source_function == _STALE_PLAN
        or any(error.sqlstate.startswith(state) for state in LOST_STATES)
    )


def is_outage(error: BaseException | None) -> bool:
    """Whether the driver's error means that the database is unavailable now, rather than that the query is wrong.

    Any query then gets the same error, until a connection leads to a working server.
    """
    if not is_lost(error):
        return False
    is_ended = isinstance(error, psycopg.Error) and error.diag.severity_nonlocalized in _ENDS_THE_SESSION
    return is_ended or not (getattr(error, "sqlstate", None) or "").startswith(_MAY_BE_ONE_ROW)


class Generation:
    """Connections opened between two failures: once one of them is lost, none of them is used again."""

    is_lost = False


class Generations:
    """The generation of every connection of one process, in any pool."""

    def __init__(self) -> None:
        self.current = Generation()
        self._lock = Lock()

    def lose(self, lost: Generation) -> None:
        """Record that a connection of this generation is unusable; connections opened from now on are a new one."""
        with self._lock:
            lost.is_lost = True
            if lost is self.current:
                self.current = Generation()

    def keep(self, engine: Engine) -> None:
        """Watch an engine's pool: a lost connection and its generation are replaced at the next checkout."""

        def begin(_dialect: Any, record: Any, _arguments: Any, _options: Any) -> None:
            record.info[Generation] = self.current

        def lend(_driver: Any, record: Any, _lent: Any) -> None:
            if record.info[Generation].is_lost:
                raise DisconnectionError("another connection to the same server was lost")

        def fail(context: ExceptionContext) -> None:
            connection = context.connection
            if connection is None or connection.invalidated:
                return
            if is_lost(context.original_exception) or _is_closed(context):
                context.is_disconnect = True
                self.lose(connection.info[Generation])

        event.listen(engine, "do_connect", begin)
        event.listen(engine, "checkout", lend)
        event.listen(engine, "handle_error", fail)


def _is_closed(context: ExceptionContext) -> bool:
    """Whether SQLAlchemy found the connection closed, rather than this thread being ended."""
    return context.is_disconnect and isinstance(context.original_exception, psycopg.Error | sqlite3.Error)
