"""PostgreSQL connections that send a transaction in as few round trips as it asks questions; see `store.pipeline`.

From BEGIN to COMMIT the connection is in pipeline mode: a statement that returns no rows is sent and not waited for.
The next one that returns rows waits for all before it, and so does COMMIT, before it is sent. If one fails, the server
skips what follows, and whatever waits next raises the error. So nobody knows at once how many rows it has changed.
See https://www.postgresql.org/docs/current/libpq-pipeline-mode.html.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any, Self

import psycopg
from greenlet import getcurrent, greenlet

from escalator.store.pg_timeout import PatientConnection

_WITHOUT_ROWS = ("INSERT ", "UPDATE ", "DELETE ", "SET ", "BEGIN")


COMMIT_S = 5.0
"""How long a commit waits for an answer, once all statements before it are answered."""


class PipelinedCursor(psycopg.RawCursor[Any]):
    """A cursor that waits only for statements that return rows, and for the end of the transaction."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Send a statement; return when there are rows to read, or at once if it returns none."""
        connection: PipelinedConnection = self.connection  # type: ignore[assignment]
        if query == "BEGIN":
            connection.begin_pipeline()
        elif query == "COMMIT":
            connection.sync()
            connection.limit_patience(COMMIT_S)
        elif query == "ROLLBACK":
            connection.drop_pipeline()
            # It also forgets the statements whose preparation the server has skipped.
            connection.rollback()
            return self
        super().execute(query, params, **options)
        if query == "COMMIT":
            connection.end_pipeline()
        elif returns_rows(query):
            connection.wait_for_rows()
        return self


def returns_rows(query: Any) -> bool:
    """Whether a statement may return rows; of those that SQLAlchemy writes, the keyword says so."""
    return not isinstance(query, str) or not query.startswith(_WITHOUT_ROWS) or "RETURNING" in query


class PipelinedConnection(PatientConnection):
    """A connection in autocommit mode whose explicit transactions are pipelines."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_factory = PipelinedCursor
        self._open = ExitStack()
        self._running: psycopg.Pipeline | None = None
        self._asking: Sequence[greenlet] = ()

    @property
    def is_pipelined(self) -> bool:
        """Whether a transaction is open that sends without waiting."""
        return self._running is not None

    def begin_pipeline(self) -> None:
        """Begin to send without waiting."""
        self._running = self._open.enter_context(self.pipeline())

    def end_pipeline(self) -> None:
        """Wait for everything that has been sent, and wait for each statement from now on; raises the first error."""
        self._running = None
        self._open.close()

    def drop_pipeline(self) -> None:
        """Wait for each statement from now on; whatever of those before has failed is of no interest any more."""
        with suppress(psycopg.Error):
            self.end_pipeline()

    def wait_for_rows(self) -> None:
        """Wait for everything that has been sent; raises the first error. Other questions are sent before."""
        asking = getcurrent()
        if asking in self._asking and asking.parent is not None:
            asking.parent.switch()
        else:
            self.sync()

    def sync(self) -> None:
        """Wait for everything that has been sent, if it is not answered yet; raises the first error."""
        if self._running is not None and self._running.result_queue:
            self._running.sync()

    def ask(self, questions: Sequence[Callable[[], None]]) -> None:
        """Run each of these until it waits for rows, wait for all rows, and so on until all have returned."""
        before, asking = self._asking, [greenlet(question) for question in questions]
        self._asking = asking
        try:
            for question in asking:
                question.switch()
            while waiting := [question for question in asking if not question.dead]:
                self.sync()
                for question in waiting:
                    question.switch()
        except BaseException as error:  # noqa: BLE001  # also a thread's end must not leave questions half asked
            raise _ended(asking, error) from None
        finally:
            self._asking = before


def _ended(asking: Sequence[greenlet], error: BaseException) -> BaseException:
    """Raise an error in all that still ask; return it as the first of them words it."""
    worded = error
    for question in asking:
        if not question.dead:
            try:
                question.throw(error)
            except BaseException as raised:  # noqa: BLE001  # it is returned, and raised by the caller
                worded = raised if worded is error else worded
    return worded
