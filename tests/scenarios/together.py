"""Doing things at the same time, and many alerts to do them to."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import TypeVar

from uuid6 import uuid7

from escalator.encryption import digest
from escalator.errors import Unavailable
from escalator.store import events
from escalator.store.events import EventState, StoredEvent
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM
from tests.stream.bodies import ITEM_ID, MESSAGE_ID

Result = TypeVar("Result")


def bodies(h: Harness, count: int) -> list[bytes]:
    """Return so many events, each about an item of its own."""
    text = h.sample(SELF_HARM).decode()
    return [text.replace(ITEM_ID, f"item-{n}").replace(MESSAGE_ID, f"message-{n}").encode() for n in range(count)]


def store(h: Harness, bodies: Sequence[bytes]) -> None:
    """Store events as the door does, all in one transaction."""
    now = h.clock.now()
    with h.core.database.writing() as connection:
        for body in bodies:
            sealed = h.core.seal.seal(body)
            kept = StoredEvent(
                uuid7(), "chat", digest(body), "review_queue_item.new", now, EventState.NEW, sealed_body=sealed
            )
            events.insert(connection, kept)


def once_available(work: Callable[[], Result]) -> Result:
    """Do this once and return its result; SQLite, on which one writes at a time, may ask to come again."""
    while True:
        with suppress(Unavailable):
            return work()


def patiently(work: Callable[[], int]) -> None:
    """Do this until there is no more of it, however often the database asks to come again."""
    while once_available(work):
        pass


def together(*works: Callable[[], None]) -> None:
    """Do all of this at the same time."""
    start = Barrier(len(works))

    def begin(work: Callable[[], None]) -> None:
        start.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(begin, work) for work in works]:
            done.result()
