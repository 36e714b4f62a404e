"""Connections and transactions, alike on SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from threading import Event, Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from escalator.clock import Stopwatch
from escalator.errors import Conflict, Unavailable
from escalator.store.patience import PatientConnection

INTAKE_CONNECTIONS = 3
WAIT_S = 2
"""How long a request waits for the database before it is told to come again."""
_LOCKED_PAUSE_S = 0.01
_PAUSE = Event()
_LEAST_PATIENCE_S = 0.2
_FOR_EVER_S = 24 * 3600
PATIENCE_S = 20.0
"""How long everything else waits for one answer: less than what the sweep takes for being stuck."""
_READ_ONLY = "25006"
"""What PostgreSQL says of a write to a standby, or to a database that has been made read-only."""


class Database:
    """One engine for one process; made after the fork, never shared across one.

    `patience_s` is how long one answer may take before the database counts as unavailable; with None whoever else
    writes is waited for, however long that takes.
    """

    def __init__(self, url: str, *, pool_size: int = 4, patience_s: float | None = PATIENCE_S) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = (
            _sqlite_engine(self.url, pool_size, _FOR_EVER_S if patience_s is None else WAIT_S)
            if self.is_sqlite
            else _postgres_engine(self.url, pool_size, patience_s)
        )
        self._write_lock = Lock()

    @cached_property
    def _autocommitting(self) -> Engine:
        """The connections of the intake, which never open a transaction: made only in a process that takes events."""
        if self.is_sqlite:
            return self.engine.execution_options(isolation_level="AUTOCOMMIT")
        how: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
        return _postgres_engine(self.url, INTAKE_CONNECTIONS, WAIT_S, **how)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that only reads; raises Unavailable when the database cannot be asked."""
        with _in_our_words(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """Give a transaction that is committed at the end; raises Unavailable when it cannot be.

        `durable=False` does not wait for PostgreSQL's disk: for what is merely done again when the server crashes
        (claims, stored events, beats), never for what somebody was told has happened.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE) and one at a time within the process: a deferred
        read-then-write fails as soon as another process has written in between.
        """
        with _in_our_words(), self._one_writer(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                with _sqlite_transaction(connection):
                    yield connection
                return
            with connection.begin():
                if not durable:
                    connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
                yield connection

    @contextmanager
    def one_statement(self) -> Iterator[Connection]:
        """Give a connection whose single statement is its own transaction: one round trip, for the intake.

        For a connection and for the answer it waits no longer than WAIT_S in all.
        """
        watch = Stopwatch()
        with _in_our_words(), self._one_writer(), self._autocommitting.connect() as connection:
            _be_patient(connection, WAIT_S - watch.seconds())
            yield connection

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        if not self._write_lock.acquire(timeout=WAIT_S):
            raise Unavailable("the database is busy")
        try:
            yield
        finally:
            self._write_lock.release()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        if "_autocommitting" in self.__dict__:
            self._autocommitting.dispose()


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Conflict(type(error.orig).__name__) from error
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Unavailable(str(getattr(error, "orig", None) or type(error).__name__)) from error
    except InternalError as error:
        if getattr(error.orig, "sqlstate", None) == _READ_ONLY:
            raise Unavailable(str(error.orig)) from error
        raise


@contextmanager
def _sqlite_transaction(connection: Connection) -> Iterator[None]:
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _be_patient(connection: Connection, for_s: float) -> None:
    """Let this connection wait so long for its answers."""
    driver: Any = connection.connection.dbapi_connection
    if isinstance(driver, PatientConnection):
        driver.patience_s = max(for_s, _LEAST_PATIENCE_S)


def _postgres_engine(url: URL, pool_size: int, patience_s: float | None, **more: Any) -> Engine:
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> PatientConnection:
        connection = PatientConnection.connect(*arguments, **options)
        connection.patience_s = patience_s
        return connection

    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=WAIT_S,
        pool_pre_ping=False,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": WAIT_S,
            "options": "-c timezone=UTC -c jit=off -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000",
            "tcp_user_timeout": 5000,
        },
        **more,
    )
    event.listen(engine, "do_connect", connect)
    return engine


def _sqlite_engine(url: URL, pool_size: int, busy_s: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=WAIT_S,
        connect_args={"timeout": busy_s, "check_same_thread": False, "isolation_level": None},
    )
    event.listen(engine, "connect", lambda connection, _record: _prepare_sqlite(connection, busy_s))
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, busy_s: int) -> None:
    """WAL with a full sync at each commit: without it a 2xx would be no promise."""
    _begin_wal(connection, busy_s)
    for pragma in ("synchronous=FULL", f"busy_timeout={busy_s * 1000}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_wal(connection: sqlite3.Connection, busy_s: int) -> None:
    """Two who open a new file at once stand in one another's way: SQLite then says `locked` and waits for neither."""
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


def database_now(connection: Connection) -> Any:
    """Return the database server's own instant (PostgreSQL)."""
    return connection.scalar(text("SELECT clock_timestamp()"))
