"""A connection that is of no more use is never used again, nor is any that was made at the same time."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from escalator.errors import Conflict, Unavailable
from escalator.store.connection_errors import LOST_STATES
from escalator.store.database import Database

pytestmark = pytest.mark.postgres

POOL = 3
# Representatives of the classes in the table, and what single codes of them mean.
STATES_BY_CLASS = {
    "08": ("08000", "08001", "08003", "08004", "08006", "08007", "08P01"),
    "53": ("53000", "53100", "53200", "53300", "53400"),
    "57P": ("57P01", "57P02", "57P03", "57P04", "57P05"),
    "58": ("58000", "58030", "58P01"),
    "F0": ("F0000",),
    "XX": ("XX000", "XX001", "XX002"),
}
LOST = [state for known in LOST_STATES for state in STATES_BY_CLASS.get(known, (known,))]
KEPT = (
    "0A000",
    "22001",
    "22P02",
    "23505",
    "25001",
    "40001",
    "40P01",
    "42501",
    "42P01",
    "54000",
    "55P03",
    "57014",
    "P0001",
)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    made = Database(postgres_url, pool_size=POOL)
    yield made
    made.close()


def raising(state: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'said by a test' USING ERRCODE = '{state}'; END $$"


def pid(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


def pids(database: Database) -> set[int]:
    """Return the server's processes behind all connections of both pools, opening those that are missing."""
    with ExitStack() as stack:
        found = {pid(stack.enter_context(database.reading())) for _ in range(POOL)}
        return found | {pid(stack.enter_context(database.one_statement())) for _ in range(POOL)}


@contextmanager
def failing() -> Iterator[None]:
    """Let what is done within fail by an error of the database, whatever we call it."""
    with pytest.raises((Unavailable, Conflict, DBAPIError)):
        yield


WAYS = [
    pytest.param(Database.reading, id="reading"),
    pytest.param(Database.writing, id="writing"),
    pytest.param(Database.one_statement, id="intake"),
]


@pytest.mark.parametrize("way", WAYS)
def test_every_state_of_the_table_drops_its_connection_and_all_others_of_both_pools(
    database: Database, way: Callable[[Database], Iterator[Connection]]
) -> None:
    before = pids(database)
    assert len(before) == 2 * POOL
    for state in LOST:
        with failing(), way(database) as connection:
            connection.execute(text(raising(state)))
        after = pids(database)
        assert len(after) == 2 * POOL
        assert not after & before, state
        before = after


def test_an_error_of_the_statement_alone_drops_no_connection(database: Database) -> None:
    before = pids(database)
    for state in KEPT:
        with failing(), database.writing() as connection:
            connection.execute(text(raising(state)))
        assert pids(database) == before, state


def test_whoever_asked_is_told_that_the_database_is_unavailable(database: Database) -> None:
    for state in LOST:
        expected = DBAPIError if state.startswith("XX") else Unavailable
        with pytest.raises(expected, match="said by a test"), database.writing() as connection:
            connection.execute(text(raising(state)))


ENDED_BY_THE_SERVER = {
    "terminated by an admin": "SELECT pg_terminate_backend(pg_backend_pid())",
    "idle for too long in a transaction": "SET LOCAL idle_in_transaction_session_timeout = '1ms'; SELECT 1",
    "a protocol error": "COPY (SELECT 1) TO STDOUT",
}


@pytest.mark.parametrize("statement", ENDED_BY_THE_SERVER.values(), ids=ENDED_BY_THE_SERVER)
def test_a_session_that_the_server_has_ended_is_no_more_and_its_siblings_neither(
    database: Database, statement: str
) -> None:
    before = pids(database)
    with failing(), database.writing() as connection:
        for part in statement.split(";"):
            connection.exec_driver_sql(part)
        while True:
            connection.exec_driver_sql("SELECT pg_sleep(0.01)")
    assert not pids(database) & before


def test_a_prepared_statement_whose_result_has_changed_is_not_tried_on_the_same_connection_again(
    database: Database, postgres_url: str
) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE odd (a integer)")
    before = pids(database)
    for _ in range(10 * POOL):
        with database.one_statement() as connection:
            connection.exec_driver_sql("SELECT * FROM odd")
    with psycopg.connect(postgres_url) as other:
        other.execute("ALTER TABLE odd ADD COLUMN b integer")
    with pytest.raises(Unavailable, match="cached plan"), database.one_statement() as connection:
        connection.exec_driver_sql("SELECT * FROM odd")
    with database.one_statement() as connection:
        connection.exec_driver_sql("SELECT * FROM odd")
    assert not pids(database) & before


def test_the_first_failure_of_many_drops_what_was_made_before_it_and_nothing_newer(database: Database) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(database.reading()) for _ in range(2)]
        with failing(), database.writing() as connection:
            connection.execute(text(raising("25006")))
        with database.one_statement() as connection:
            newer = pid(connection)
        for connection in held:
            with pytest.raises(DBAPIError, match="said by a test"):
                connection.execute(text(raising("25006")))
    with database.one_statement() as connection:
        assert pid(connection) == newer


def test_a_connection_that_was_lent_while_another_was_lost_is_not_lent_again(database: Database) -> None:
    with database.reading() as lent:
        before = pid(lent)
        with failing(), database.one_statement() as connection:
            connection.execute(text(raising("57P01")))
        assert pid(lent) == before
    assert before not in pids(database)


def test_a_new_connection_to_a_server_that_takes_no_writes_is_not_used(database: Database, postgres_url: str) -> None:
    name = database.url.database
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        for way in (database.reading, database.writing, database.one_statement):
            with pytest.raises(Unavailable, match="read-only"), way():
                pass
        other.execute("SET transaction_read_only = off")
        other.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert len(pids(database)) == 2 * POOL


def test_whoever_waits_on_a_connection_whose_sibling_was_lost_waits_no_longer_than_need_be(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalator.store.pg_timeout.LOST_PATIENCE_S", 0.1)
    said: list[str] = []

    def wait() -> None:
        try:
            with database.reading() as connection:
                connection.execute(text("SELECT pg_sleep(600)"))
        except Unavailable as error:
            said.append(str(error))

    waiting = Thread(target=wait)
    waiting.start()
    with database.one_statement() as connection:
        asleep = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'")
        while not connection.scalar(asleep):
            pass
    with failing(), database.one_statement() as connection:
        connection.execute(text(raising("25006")))
    waiting.join()
    assert said == ["the database does not answer"]


@pytest.mark.parametrize("code", [sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_CORRUPT])
def test_a_file_that_cannot_be_used_any_more_is_opened_anew(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    database = Database(sqlite_url)
    with database.reading() as connection:
        before = connection.connection.dbapi_connection
    error = sqlite3.OperationalError("said by a test")
    error.sqlite_errorcode = code

    def fail(*_arguments: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(database.engine.dialect, "do_execute", fail)
        with failing(), database.reading() as connection:
            connection.execute(text("SELECT 1"))
    with database.reading() as connection:
        assert connection.connection.dbapi_connection is not before
    database.close()


def test_the_address_of_several_servers_leads_to_the_one_that_takes_writes(postgres_url: str, tmp_path: Path) -> None:
    before, _, folder = postgres_url.partition("?host=")
    database = Database(f"{before}?host={tmp_path},{folder}")
    with database.writing() as connection:
        assert pid(connection)
    database.close()


def test_a_commit_that_hangs_loses_its_connection_long_before_a_statement_would(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalator.store.pg_pipeline.COMMIT_S", 0.2)
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE slow (a integer)")
        connection.exec_driver_sql(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql "
            "AS 'BEGIN PERFORM pg_sleep(600); RETURN NULL; END'"
        )
        connection.exec_driver_sql(
            "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION dawdle()"
        )
    before = pids(database)
    with pytest.raises(Unavailable, match="does not answer"), database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO slow VALUES (1)")
    assert not pids(database) & before
