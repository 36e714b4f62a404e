"""One call to a vendor: what it says, to whom, and what became of it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from escalator.channels.contract import Notification
from escalator.model.message import Context, Delivered, Failed
from escalator.model.policy import DestinationKind
from escalator.model.ranks import Mode
from escalator.store.deliveries import Delivery
from escalator.store.posts import Post


@dataclass(frozen=True, slots=True)
class ToSend:
    """A claimed call: a new message (with its delivery), or a post to bring up to date (without).

    `delivery` and `post` carry what they were before the claim and the claim itself, respectively; `revision` is what
    the notification shows; `refused` is why it is not sent at all.
    """

    notification: Notification
    mode: Mode
    channel: DestinationKind
    revision: int
    delivery: Delivery | None = None
    post: Post | None = None
    received_at: datetime | None = None
    refused: Failed | None = None

    @property
    def context(self) -> Context:
        """Return whom and what it is for."""
        return self.notification.context

    @property
    def rings_again(self) -> bool:
        """Whether it rings where something stands already: the post itself is not held for it."""
        return self.delivery is not None and self.notification.ref is not None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call."""

    sent: ToSend
    result: Delivered | Failed


class Outlet(Protocol):
    """The sender threads of this process, as those see them who have just written something to send."""

    def reserve(self, wanted: int) -> int:
        """Take up to so many free threads, and return how many; they wait for `send`."""
        ...

    def send(self, claimed: Sequence[ToSend], reserved: int) -> None:
        """Send what was claimed for threads that were reserved, and give the other threads back."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Begin no further call meanwhile: what must be decided first is."""
        ...


class NoOutlet:
    """A process that sends nothing itself: the web, and commands."""

    def reserve(self, wanted: int) -> int:
        """Return that no thread is free."""
        del wanted
        return 0

    def send(self, claimed: Sequence[ToSend], reserved: int) -> None:
        """Do nothing: nothing was reserved."""

    def held(self) -> AbstractContextManager[None]:
        """Hold nothing."""
        return nullcontext()
