"""The engines of both databases: how connections are opened and configured, and how long they wait."""

import sqlite3
from threading import Event
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from escalator.clock import Stopwatch
from escalator.lazy_imports import LazyImport
from escalator.store.connection_errors import Generation, Generations

if TYPE_CHECKING:
    import psycopg

    from escalator.store import pg_pipeline
else:
    # A process on SQLite never needs them.
    psycopg = LazyImport("psycopg")
    pg_pipeline = LazyImport("escalator.store.pg_pipeline")

WAIT_S = 2
"""How long a request waits for the database before it is asked to retry later."""
_LOCKED_PAUSE_S = 0.01
_PAUSE = Event()
_PEER_IS_GONE_MS = 5000
_SETTINGS = "-c timezone=UTC -c jit=off -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000"


def postgres_engine(url: URL, pool_size: int, patience_s: float | None, generations: Generations) -> Engine:
    """Return an engine whose connections wait `patience_s` for an answer, and lead to a writable server."""

    def connect(_dialect: Any, record: Any, arguments: Any, options: Any) -> "pg_pipeline.PipelinedConnection":
        return _connected(record.info[Generation], arguments, options)

    def lend(connection: "pg_pipeline.PipelinedConnection", _record: Any, _lent: Any) -> None:
        connection.patience_s = patience_s

    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=WAIT_S,
        pool_pre_ping=False,
        pool_recycle=1800,
        # The same connection again has its statements prepared and its tables at hand.
        pool_use_lifo=True,
        isolation_level="AUTOCOMMIT",
        paramstyle="numeric_dollar",
        connect_args=_connect_arguments(url),
    )
    generations.keep(engine)
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", lend)
    return engine


def _connect_arguments(url: URL) -> dict[str, Any]:
    """Return libpq's parameters (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).

    A peer that vanished is noticed after about 9 s when it owes an answer, after 5 s when it owes an acknowledgement.
    Of several servers the writable one is chosen.
    """
    arguments: dict[str, Any] = {
        "connect_timeout": WAIT_S,
        "options": _SETTINGS,
        "tcp_user_timeout": _PEER_IS_GONE_MS,
        "keepalives_idle": 3,
        "keepalives_interval": 2,
        "keepalives_count": 3,
    }
    hosts = url.query.get("host", "")
    if not isinstance(hosts, str) or "," in hosts or "," in (url.host or ""):
        arguments["target_session_attrs"] = "read-write"
    return arguments


def _connected(generation: Generation, arguments: Any, options: Any) -> "pg_pipeline.PipelinedConnection":
    """Return a new connection; raises OperationalError, also when its server is read-only.

    This costs one query: what a pooler reports of its server at the start may be about an earlier one.
    """
    connection = pg_pipeline.PipelinedConnection.connect(*arguments, autocommit=True, **options)
    connection.generation, connection.patience_s = generation, WAIT_S
    try:
        _insist_on_writes(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _insist_on_writes(connection: "pg_pipeline.PipelinedConnection") -> None:
    answer = connection.execute("SHOW transaction_read_only").fetchone()
    if answer is None or answer[0] != "off":
        raise psycopg.OperationalError(
            "the server takes only read-only transactions: it is a standby, or default_transaction_read_only is on"
        )


def sqlite_engine(url: URL, pool_size: int, busy_s: int, generations: Generations) -> Engine:
    """Return an engine on a file, whose connections wait up to `busy_s` for another writer."""
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=WAIT_S,
        connect_args={"timeout": busy_s, "check_same_thread": False, "isolation_level": None},
    )
    generations.keep(engine)
    event.listen(engine, "connect", lambda connection, _record: _prepare_sqlite(connection, busy_s))
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, busy_s: int) -> None:
    """Set WAL with a full sync at each commit: without it a 2xx would be no promise."""
    _begin_wal(connection, busy_s)
    for pragma in ("synchronous=FULL", f"busy_timeout={busy_s * 1000}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_wal(connection: sqlite3.Connection, busy_s: int) -> None:
    """Two processes that open a new file at once block each other: SQLite then says `locked` without waiting."""
    watch = Stopwatch()
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if watch.seconds() >= busy_s:
                raise
            _PAUSE.wait(_LOCKED_PAUSE_S)
        else:
            return
