"""Connections to PostgreSQL that wait so long for an answer and no longer.

libpq has limits for connecting and for a peer that is gone, but none for a server that lives and does not answer.
"""

from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

from escalator.clock import Stopwatch

Answer = TypeVar("Answer")


class PatientConnection(psycopg.Connection[Any]):
    """A connection that is closed, with an OperationalError, when one answer takes longer than `patience_s`."""

    patience_s: float | None = None

    def wait(self, gen: Generator[Any, Any, Answer], *args: Any, **options: Any) -> Answer:
        """Return what the server answers; every statement and every commit waits here."""
        if self.patience_s is None:
            return super().wait(gen, *args, **options)
        try:
            return super().wait(_within(self.patience_s, gen), *args, **options)
        except TimeoutError as error:
            self.close()
            raise psycopg.OperationalError("the database does not answer") from error


def _within(limit_s: float, gen: Generator[Any, Any, Answer]) -> Generator[Any, Any, Answer]:
    """Pass on what psycopg waits for, which it does in short pauses; raises TimeoutError after the limit."""
    watch = Stopwatch()
    try:
        wanted = next(gen)
        while True:
            is_ready = yield wanted
            if not is_ready and watch.seconds() > limit_s:
                raise TimeoutError
            wanted = gen.send(is_ready)
    except StopIteration as answered:
        answer: Answer = answered.value
        return answer
