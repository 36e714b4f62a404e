"""What a queue of events offers, whoever runs it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from escalator.model.message import Failed


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """One message. `handle` deletes it; `sent_at` is when the sender put it there."""

    id: str
    text: str
    handle: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueState:
    """What a queue says of itself: messages that wait, and how it is set up."""

    waiting: int
    has_dead_letter_queue: bool
    kept_for: timedelta


class EventQueue(Protocol):
    """A queue that keeps a message until it is deleted, and hands it out again when it is not."""

    def receive(self) -> list[QueueMessage] | Failed:
        """Return a batch, as soon as there is a message; an empty one after a while without any."""
        ...

    def delete(self, handles: list[str]) -> Failed | None:
        """Delete these messages; return why not all of them could be."""
        ...

    def state(self) -> QueueState | Failed:
        """Return what the queue says of itself. Takes no message."""
        ...
