"""A transaction on PostgreSQL is sent in as few round trips as it asks questions, and fails as it would without."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, column, insert, table, text, update
from sqlalchemy.exc import DBAPIError

from escalator.errors import Conflict, Unavailable
from escalator.store import Database, pg_pipeline
from escalator.store.pg_pipeline import PipelinedConnection
from escalator.store.pipeline import changed_rows, in_one_trip

NAMES = table("names", column("name"))


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    opened = Database(postgres_url, pool_size=2)
    with opened.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE names (name text PRIMARY KEY)")
    yield opened
    opened.close()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was waited for."""
    waited: list[str] = []

    def noting(name: str) -> None:
        real = getattr(PipelinedConnection, name)

        def wait(connection: PipelinedConnection) -> Any:
            before = connection._running
            result = real(connection)
            if before is not None:
                waited.append(name)
            return result

        monkeypatch.setattr(PipelinedConnection, name, wait)

    noting("sync")
    noting("end_pipeline")
    return waited


def add(connection: Connection, *names: str) -> None:
    connection.execute(insert(NAMES), [{"name": name} for name in names])


def names(connection: Connection) -> list[str]:
    return list(connection.scalars(text("SELECT name FROM names ORDER BY name")))


def test_statements_without_rows_are_waited_for_together_before_the_commit(
    database: Database, trips: list[str]
) -> None:
    with database.writing() as connection:
        add(connection, "a", "b")
        connection.execute(update(NAMES).where(NAMES.c.name == "b").values(name="c"))
        assert trips == []
    assert trips == ["sync", "end_pipeline"]
    with database.reading() as connection:
        assert names(connection) == ["a", "c"]


def test_a_question_sees_what_was_sent_before_it(database: Database, trips: list[str]) -> None:
    with database.writing() as connection:
        add(connection, "a")
        assert names(connection) == ["a"]
        assert trips == ["sync"]


def test_questions_in_one_trip_are_waited_for_once(database: Database, trips: list[str]) -> None:
    with database.writing() as connection:
        add(connection, "a")
        answers = in_one_trip(connection, names, lambda asked: asked.scalar(text("SELECT 7")))
        assert answers == (["a"], 7)
        assert trips == ["sync"]


def test_a_question_may_ask_again(database: Database, trips: list[str]) -> None:
    def twice(connection: Connection) -> int:
        first = connection.scalar(text("SELECT 1")) or 0
        return first + (connection.scalar(text("SELECT 2")) or 0)

    with database.writing() as connection:
        assert in_one_trip(connection, twice, lambda _asked: "nothing asked", names) == (3, "nothing asked", [])
        assert trips == ["sync", "sync"]


def test_outside_a_transaction_and_in_sqlite_they_are_asked_one_after_another(database: Database) -> None:
    with database.reading() as connection:
        assert in_one_trip(connection, names, names) == ([], [])
    sqlite = Database("sqlite://")
    with sqlite.writing() as connection:
        assert in_one_trip(connection, lambda one: one.scalar(text("SELECT 1")), lambda _two: 2) == (1, 2)
    sqlite.close()


def test_the_number_of_changed_rows_is_known_when_it_is_asked_for(database: Database) -> None:
    with database.writing() as connection:
        add(connection, "a", "b")
        assert changed_rows(connection, update(NAMES).where(NAMES.c.name > "a").values(name="c")) == 1


FAILING = {
    "and is found by the next question": lambda connection: names(connection),
    "and is found by the questions of one trip": lambda connection: in_one_trip(connection, names, names),
    "and is found by the commit": lambda _connection: None,
    "and more is sent before anybody waits": lambda connection: add(connection, "b", "c"),
}


@pytest.mark.parametrize("then", FAILING.values(), ids=FAILING)
def test_a_statement_that_is_not_waited_for_fails(database: Database, then: Any) -> None:
    with database.writing() as connection:
        add(connection, "a")

    def write(connection: Connection) -> None:
        add(connection, "z")
        add(connection, "a")
        then(connection)

    with pytest.raises(Conflict), database.writing() as connection:
        write(connection)
    with database.writing() as connection:
        assert names(connection) == ["a"]


def test_an_error_of_one_question_ends_all_of_its_trip(database: Database) -> None:
    def wrong(connection: Connection) -> None:
        connection.execute(text("SELECT missing FROM names"))

    for questions in ((wrong, names), (names, wrong)):
        with pytest.raises(DBAPIError, match="missing"), database.writing() as connection:
            in_one_trip(connection, *questions)
    with database.writing() as connection:
        assert in_one_trip(connection, names, names) == ([], [])


def test_an_error_of_our_own_between_two_questions_ends_the_others(database: Database) -> None:
    ended: list[str] = []

    def waiting(connection: Connection) -> None:
        try:
            names(connection)
            names(connection)
        except RuntimeError:
            ended.append("ended")
            raise

    def failing(connection: Connection) -> None:
        names(connection)
        raise RuntimeError

    def write(connection: Connection) -> None:
        add(connection, "a")
        in_one_trip(connection, waiting, failing)

    with pytest.raises(RuntimeError), database.writing() as connection:
        write(connection)
    assert ended == ["ended"]
    with database.writing() as connection:
        assert names(connection) == []


def test_a_connection_that_is_cut_off_in_a_pipeline_is_not_lent_again(database: Database) -> None:
    def end(connection: Connection) -> None:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Unavailable), database.writing() as connection:
        in_one_trip(connection, names, end)
    for _ in range(3):
        with database.writing() as connection:
            assert names(connection) == []


def test_whatever_is_raised_in_a_transaction_undoes_it(database: Database) -> None:
    def write(connection: Connection) -> None:
        add(connection, "a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), database.writing() as connection:
        write(connection)
    with database.reading() as connection:
        assert names(connection) == []


def test_a_preparation_that_the_server_skipped_is_made_again(database: Database) -> None:
    """After an error in a pipeline the driver must not name a statement that the server never prepared."""
    for _ in range(12):
        with pytest.raises(Conflict), database.writing() as connection:
            fail_and_ask(connection)
        with database.writing() as connection:
            assert connection.scalar(text("SELECT count(*) FROM names")) == 0


def fail_and_ask(connection: Connection) -> None:
    add(connection, "a")
    add(connection, "a")
    for _ in range(6):
        connection.execute(update(NAMES).where(NAMES.c.name == "b").values(name="c"))
    names(connection)


def test_questions_may_be_asked_in_one_trip_by_a_question(database: Database) -> None:
    def both(connection: Connection) -> tuple[Any, ...]:
        return in_one_trip(connection, names, names)

    with database.writing() as connection:
        add(connection, "a")
        assert in_one_trip(connection, both, names, both) == ((["a"], ["a"]), ["a"], (["a"], ["a"]))


def test_a_commit_waits_for_slow_statements_as_long_as_for_any_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pg_pipeline, "COMMIT_S", 0.2)
    with database.writing() as connection:
        add(connection, "a")
        connection.exec_driver_sql("UPDATE names SET name = name || pg_sleep(0.6)::text")
    with database.reading() as connection:
        assert names(connection) == ["a"]
