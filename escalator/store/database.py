"""Connections and transactions, the same for SQLite and PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InvalidRequestError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from escalator.clock import Stopwatch
from escalator.errors import Conflict, Unavailable
from escalator.store.connection_errors import Generations, is_outage
from escalator.store.engines import WAIT_S, postgres_engine, sqlite_engine

INTAKE_CONNECTIONS = 3
PROBE_S = 5.0
"""How long a minimal query waits: the quickest sign that a server is unusable."""
_FOR_EVER_S = 24 * 3600
PATIENCE_S = 20.0
"""How long all else waits for one answer: less than the time after which the sweep counts as stuck."""


class Database:
    """One engine for one process; created after the fork, never shared across one.

    `patience_s` is how long one answer may take before the database counts as unavailable; with None, another
    writer is waited for without limit.
    """

    def __init__(self, url: str, *, pool_size: int = 4, patience_s: float | None = PATIENCE_S) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._generations = Generations()
        self.engine = (
            sqlite_engine(self.url, pool_size, _FOR_EVER_S if patience_s is None else WAIT_S, self._generations)
            if self.is_sqlite
            else postgres_engine(self.url, pool_size, patience_s, self._generations)
        )
        self._write_lock = Lock()

    @cached_property
    def _autocommitting(self) -> Engine:
        """The autocommit connections of the intake: created only in a process that accepts events."""
        if self.is_sqlite:
            return self.engine.execution_options(isolation_level="AUTOCOMMIT")
        return postgres_engine(self.url, INTAKE_CONNECTIONS, WAIT_S, self._generations)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that only reads; raises Unavailable when the database cannot be queried."""
        with _in_our_words(), _connected(self.engine) as connection:
            yield connection

    @contextmanager
    def probing(self) -> Iterator[Connection]:
        """Yield a connection for a minimal query that waits at most PROBE_S for an answer.

        A connection without an answer is lost with its generation, so a process that probes every few seconds does
        not hang long with all its connections to an unresponsive server. Raises Unavailable.
        """
        with self.reading() as connection:
            _be_patient(connection, PROBE_S)
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """Yield a transaction that is committed at the end; raises Unavailable when it cannot be.

        `durable=False` does not wait for PostgreSQL's disk. Use it for what is simply redone after a crash (claims,
        stored events, heartbeats), never for what was confirmed to somebody.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE), one thread at a time within the process: a deferred
        read-then-write fails as soon as another process has written in between.
        """
        transaction = _sqlite_transaction if self.is_sqlite else _postgres_transaction
        with (
            _in_our_words(),
            self._one_writer(),
            _connected(self.engine) as connection,
            transaction(connection),
        ):
            if not durable:
                commit_without_disk(connection)
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Yield a transaction without a pipeline: Alembic asks how many rows each statement has changed."""
        if self.is_sqlite:
            with self.writing() as connection:
                yield connection
            return
        transactional = self.engine.execution_options(isolation_level="READ COMMITTED")
        with _in_our_words(), _connected(transactional) as connection, connection.begin():
            yield connection

    @contextmanager
    def one_statement(self, within_s: float = WAIT_S) -> Iterator[Connection]:
        """Yield a connection whose single statement is its own transaction: one round trip, for the intake.

        It waits at most so long in total for a connection and the answer.
        """
        watch = Stopwatch()
        with _in_our_words(), self._one_writer(), _connected(self._autocommitting) as connection:
            _be_patient(connection, within_s - watch.seconds())
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
    except DBAPIError as error:
        if is_outage(error.orig):
            raise Unavailable(str(error.orig)) from error
        raise


def _connected(engine: Engine) -> Connection:
    """Return a connection; raises Unavailable when the pool's new connections were lost meanwhile, too."""
    try:
        return engine.connect()
    except InvalidRequestError as error:
        raise Unavailable(str(error)) from error


@contextmanager
def _sqlite_transaction(connection: Connection) -> Iterator[None]:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


@contextmanager
def _postgres_transaction(connection: Connection) -> Iterator[None]:
    """Run a transaction in a pipeline; see `escalator.store.pg_pipeline`."""
    connection.exec_driver_sql("BEGIN")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: Connection) -> None:
    """Undo the transaction. A connection that cannot is dropped, and its server undoes it."""
    if connection.invalidated:
        return
    try:
        connection.exec_driver_sql("ROLLBACK")
    except DBAPIError:
        connection.invalidate()


def _be_patient(connection: Connection, for_s: float) -> None:
    """Limit how long a connection waits, until its next checkout; one without any limit keeps waiting."""
    driver: Any = connection.connection.dbapi_connection
    if hasattr(driver, "limit_patience"):
        driver.limit_patience(for_s)


def commit_without_disk(connection: Connection) -> None:
    """Let a transaction's commit not wait for PostgreSQL's disk; see `Database.writing`."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")


def database_now(connection: Connection) -> Any:
    """Return the database server's current time (PostgreSQL)."""
    return connection.scalar(text("SELECT clock_timestamp()"))
