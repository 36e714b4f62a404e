"""What a transaction may ask for so that it is sent in few round trips where connections are pipelined.

See `store.pg_pipeline`: there a statement that returns no rows is not waited for, so nobody knows at once how many rows
it has changed: ask for rows (`changed_rows`). Questions that do not need each other's answers are asked `in_one_trip`.
SQLite answers at once, and this module needs no driver of PostgreSQL.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from sqlalchemy import Connection, Delete, Insert, Update, literal_column

if TYPE_CHECKING:
    from escalator.store.pg_pipeline import PipelinedConnection

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


@overload
def in_one_trip(
    connection: Connection, first: Callable[[Connection], A], second: Callable[[Connection], B], /
) -> tuple[A, B]: ...


@overload
def in_one_trip(
    connection: Connection,
    first: Callable[[Connection], A],
    second: Callable[[Connection], B],
    third: Callable[[Connection], C],
    /,
) -> tuple[A, B, C]: ...


def in_one_trip(connection: Connection, *questions: Callable[[Connection], Any]) -> tuple[Any, ...]:
    """Ask questions that do not need each other's answers; return the answers.

    In a pipeline all are sent before the first answer is waited for. A question may ask several times in turn.
    """
    driver: PipelinedConnection | Any = connection.connection.driver_connection
    if not getattr(driver, "is_pipelined", False):
        return tuple(question(connection) for question in questions)
    answers: dict[int, Any] = {}

    def answer(place: int, question: Callable[[Connection], Any]) -> None:
        answers[place] = question(connection)

    driver.ask([partial(answer, place, question) for place, question in enumerate(questions)])
    return tuple(answers[place] for place in range(len(questions)))


def changed_rows(connection: Connection, statement: Insert | Update | Delete, parameters: Any = None) -> int:
    """Run a statement, and return how many rows it has inserted, changed or deleted."""
    return len(connection.execute(statement.returning(literal_column("1")), parameters).all())
