"""PostgreSQL connections that send a transaction in as few round trips as it asks questions.

From BEGIN to COMMIT the connection is in pipeline mode: a statement that returns no rows is sent and not waited for.
The next one that returns rows waits for all before it, and so does COMMIT. If one fails, the server skips what follows,
and whatever waits next raises the error. So nobody knows at once how many rows a statement has changed: ask for rows
(`changed_rows`). See https://www.postgresql.org/docs/current/libpq-pipeline-mode.html.
"""

from contextlib import ExitStack, suppress
from typing import Any, Self

import psycopg
from sqlalchemy import Connection, Delete, Insert, Update, literal_column

from escalator.store.pg_timeout import PatientConnection

_WITHOUT_ROWS = ("INSERT ", "UPDATE ", "DELETE ", "SET ", "BEGIN")


class PipelinedCursor(psycopg.Cursor[Any]):
    """A cursor that waits only for statements that return rows, and for the end of the transaction."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Send a statement; return when there are rows to read, or at once if it returns none."""
        connection: PipelinedConnection = self.connection  # type: ignore[assignment]
        if query == "BEGIN":
            connection.begin_pipeline()
        elif query == "ROLLBACK":
            connection.drop_pipeline()
        super().execute(query, params, **options)
        if query == "COMMIT":
            connection.end_pipeline()
        elif _returns_rows(query):
            connection.sync_pipeline()
        return self


def _returns_rows(query: Any) -> bool:
    """Whether a statement may return rows; of those that SQLAlchemy writes, the keyword says so."""
    return not isinstance(query, str) or not query.startswith(_WITHOUT_ROWS) or "RETURNING" in query


class PipelinedConnection(PatientConnection):
    """A connection in autocommit mode whose explicit transactions are pipelines."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_factory = PipelinedCursor
        self._open = ExitStack()
        self._running: psycopg.Pipeline | None = None

    def begin_pipeline(self) -> None:
        """Begin to send without waiting."""
        self._running = self._open.enter_context(self.pipeline())

    def sync_pipeline(self) -> None:
        """Wait for everything that has been sent; raises the first error."""
        if self._running is not None:
            self._running.sync()

    def end_pipeline(self) -> None:
        """Wait for everything that has been sent, and wait for each statement from now on; raises the first error."""
        self._running = None
        self._open.close()

    def drop_pipeline(self) -> None:
        """Wait for each statement from now on; whatever of those before has failed is of no interest any more."""
        with suppress(psycopg.Error):
            self.end_pipeline()


def changed_rows(connection: Connection, statement: Insert | Update | Delete, parameters: Any = None) -> int:
    """Run a statement, and return how many rows it has inserted, changed or deleted."""
    return len(connection.execute(statement.returning(literal_column("1")), parameters).all())
