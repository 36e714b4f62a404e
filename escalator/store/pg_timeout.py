"""PostgreSQL connections that limit how long they wait for an answer.

libpq has timeouts for connecting and for a lost peer, but none for a server that is alive and does not answer.
"""

from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

from escalator.clock import Stopwatch
from escalator.store.connection_errors import Generation

LOST_PATIENCE_S = 5.0
"""How long an answer may take once another connection of the same generation has been lost."""

_LEAST_PATIENCE_S = 0.2

Answer = TypeVar("Answer")


class PatientConnection(psycopg.Connection[Any]):
    """A connection that is closed, with an OperationalError, when one answer takes longer than `patience_s`.

    Once its generation is lost it waits at most LOST_PATIENCE_S: the server may be gone without notice.
    """

    patience_s: float | None = None
    generation = Generation()

    def limit_patience(self, for_s: float) -> None:
        """Limit how long an answer may take from now on; a connection without any limit keeps waiting."""
        if self.patience_s is not None:
            self.patience_s = max(min(self.patience_s, for_s), _LEAST_PATIENCE_S)

    def wait(self, gen: Generator[Any, Any, Answer], *args: Any, **options: Any) -> Answer:
        """Return the server's answer; every statement and every commit waits here."""
        if self.patience_s is None:
            return super().wait(gen, *args, **options)
        try:
            return super().wait(self._within_patience(gen), *args, **options)
        except TimeoutError as error:
            self.close()
            raise psycopg.OperationalError("the database does not answer") from error

    def _within_patience(self, gen: Generator[Any, Any, Answer]) -> Generator[Any, Any, Answer]:
        """Pass on what psycopg waits for, in short pauses; raises TimeoutError when it takes too long."""
        watch = Stopwatch()
        try:
            waited_for = next(gen)
            while True:
                is_ready = yield waited_for
                if not is_ready and watch.seconds() > self._longest_s():
                    raise TimeoutError
                waited_for = gen.send(is_ready)
        except StopIteration as answered:
            answer: Answer = answered.value
            return answer

    def _longest_s(self) -> float:
        longest_s = float("inf") if self.patience_s is None else self.patience_s
        return min(longest_s, LOST_PATIENCE_S) if self.generation.is_lost else longest_s
