"""Stores events as they arrive: those that wait for the database together share one commit."""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from escalator.clock import Stopwatch
from escalator.errors import Unavailable
from escalator.store import events
from escalator.store.database import Database
from escalator.store.engines import WAIT_S
from escalator.store.events import StoredEvent

MOST_TOGETHER = 32
MOST_BYTES = 1024 * 1024
"""A larger event is written alone, so that it delays nobody else's."""


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

    @property
    def size(self) -> int:
        """Return the size of its body, in bytes."""
        return len(self.event.sealed_body or b"")


class EventWriter:
    """Writes the events of one process.

    One request at a time writes, for all that wait at that moment. A lone one waits for nobody.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Waiting] = deque()
        self._lock = Lock()
        self._turn = Lock()

    def insert(self, event: StoredEvent) -> bool:
        """Write an event; return False if the same one exists already, once either is certain.

        Raises Unavailable after WAIT_S (it may be stored nevertheless), and the database's own error for an event that
        it refuses.
        """
        watch, mine = Stopwatch(), _Waiting(event)
        with self._lock:
            self._waiting.append(mine)
        while not mine.is_over:
            if not self._turn.acquire(timeout=max(0.0, WAIT_S - watch.seconds())):
                self._withdraw(mine)
                break
            try:
                if not mine.is_over:
                    self._write_some(watch)
            finally:
                self._turn.release()
        if mine.error is not None:
            raise mine.error
        if mine.is_new is None:
            raise Unavailable("the database is busy")
        return mine.is_new

    def _withdraw(self, mine: _Waiting) -> None:
        with self._lock, suppress(ValueError):
            self._waiting.remove(mine)

    def _write_some(self, watch: Stopwatch) -> None:
        """Write the first of those who wait; each of them has a result afterwards, whatever happens."""
        taken = self._take()
        try:
            self._write(taken, watch)
        finally:
            for one in taken:
                if not one.is_over:
                    one.error = Unavailable("the event was not written")

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        with self._lock:
            room = MOST_BYTES
            while self._waiting and len(taken) < MOST_TOGETHER and (not taken or self._waiting[0].size <= room):
                taken.append(self._waiting.popleft())
                room -= taken[-1].size
        return taken

    def _write(self, waiting: Sequence[_Waiting], watch: Stopwatch) -> None:
        """Write these; when the database refuses one of them, each alone, as long as it is there."""
        try:
            with self._database.one_statement(WAIT_S - watch.seconds()) as connection:
                new = events.insert_all(connection, [one.event for one in waiting])
        except Unavailable as error:
            for one in waiting:
                one.error = Unavailable(*error.args)
        except Exception as error:  # noqa: BLE001  # raised by whoever asked for it
            if len(waiting) == 1:
                waiting[0].error = error
            else:
                self._write_each(waiting, watch)
        else:
            for one in waiting:
                one.is_new = one.event.id in new

    def _write_each(self, waiting: Sequence[_Waiting], watch: Stopwatch) -> None:
        for one in waiting:
            self._write([one], watch)
            if isinstance(one.error, Unavailable):
                return
