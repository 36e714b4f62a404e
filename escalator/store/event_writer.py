"""Stores events as they arrive: those that wait for the database together share one commit."""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from escalator.errors import Unavailable
from escalator.store import events
from escalator.store.database import Database
from escalator.store.engines import WAIT_S
from escalator.store.events import StoredEvent

MOST_TOGETHER = 32


@dataclass(eq=False, slots=True)
class _Waiting:
    """An event whose request waits, and what became of it."""

    event: StoredEvent
    is_new: bool | None = None
    error: BaseException | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is stored, or could not be."""
        return self.is_new is not None or self.error is not None


class EventWriter:
    """Writes the events of one process.

    One request at a time writes, for all that wait at that moment. A lone one waits for nobody.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Waiting] = deque()
        self._turn = Lock()

    def insert(self, event: StoredEvent) -> bool:
        """Write an event; return False if the same one exists already, once either is certain.

        Raises Unavailable, and the database's own error for an event that it refuses.
        """
        mine = _Waiting(event)
        self._waiting.append(mine)
        if not self._turn.acquire(timeout=WAIT_S):
            with suppress(ValueError):
                self._waiting.remove(mine)
            raise Unavailable("the database is busy")
        try:
            while not mine.is_over:
                self._write([self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))])
        finally:
            self._turn.release()
        if mine.error is not None:
            raise mine.error
        return bool(mine.is_new)

    def _write(self, waiting: Sequence[_Waiting]) -> None:
        """Write these; when the database refuses one of them, each alone."""
        try:
            with self._database.one_statement() as connection:
                new = events.insert_all(connection, [one.event for one in waiting])
        except Unavailable as error:
            for one in waiting:
                one.error = Unavailable(*error.args)
        except Exception as error:  # noqa: BLE001  # raised by whoever asked for it
            if len(waiting) == 1:
                waiting[0].error = error
                return
            for one in waiting:
                self._write([one])
        else:
            for one in waiting:
                one.is_new = one.event.id in new
