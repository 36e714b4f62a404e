"""A steady load of events, and how late each of them was told."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from escalator.encryption import digest
from escalator.store.tables import events, incidents
from tests.live.installation import ROOM, Installation, event, number_in, wait_until

PER_SECOND = 20
_AGAIN_S = 0.5
_SENDERS = 40


@dataclass(frozen=True)
class Accepted:
    """An event, and when the answer 200 came."""

    sha256: str
    at: float


class Load:
    """Sends a new event every so often, each again and again until it is accepted, as Stream does."""

    def __init__(self, installation: Installation) -> None:
        self.accepted: list[Accepted] = []
        self.refusals: list[int] = []
        self._installation = installation
        self._is_over = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send meanwhile; at the end everything that was begun has been accepted."""
        with ThreadPoolExecutor(_SENDERS) as senders:
            sending = threading.Thread(target=self._send, args=(senders,))
            sending.start()
            try:
                yield
            finally:
                self._is_over.set()
                sending.join()

    def _send(self, senders: ThreadPoolExecutor) -> None:
        while not self._is_over.wait(1 / PER_SECOND):
            senders.submit(self._deliver, event(language="quick"))

    def _deliver(self, body: bytes) -> None:
        def is_accepted() -> bool:
            status = self._installation.post(body)
            if status != 200:
                self.refusals.append(status)
                time.sleep(_AGAIN_S)
            return status == 200

        wait_until(is_accepted, "an event is accepted")
        self.accepted.append(Accepted(digest(body), time.time()))

    def told(self) -> dict[Accepted, float]:
        """Return when each accepted event was first told to the room, by Slack's own clock, once all have been."""
        wait_until(lambda: len(self._told()) == len(self.accepted), "every accepted event is told")
        return self._told()

    def _told(self) -> dict[Accepted, float]:
        here = self._installation
        told: dict[int, float] = {}
        for message in here.messages(ROOM):
            told.setdefault(number_in(message.first_text), message.at)
        for number, at in here.listed(ROOM).items():
            told.setdefault(number, at.timestamp())
        ids: dict[str, UUID] = {row["sha256"]: row["id"] for row in here.rows(events)}
        numbers = {row["id"]: row["number"] for row in here.rows(incidents)}
        found = {one: told.get(numbers.get(ids.get(one.sha256), 0)) for one in self.accepted}
        return {one: at for one, at in found.items() if at is not None}
