"""One call to a vendor: its content, recipient and outcome."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from escalator.channels.contract import Notification
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.model.message import Delivered, Failed, MessageContext
from escalator.services.outbound.bulkheads import NO_VENDOR_LANE, Lane
from escalator.store.deliveries import Delivery
from escalator.store.posted_messages import PostedMessage


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """A claimed call: a new message (with its delivery), or an update of a posted message (without).

    `delivery` and `post` hold the state before the claim and the claim itself, respectively; `revision` is what the
    notification shows; `refused` is why it is not sent at all. `lane` is what its thread counts for; `is_probe`: its
    destination hangs and this is the one call that tries it.
    """

    notification: Notification
    mode: Mode
    channel: DestinationKind
    revision: int
    delivery: Delivery | None = None
    post: PostedMessage | None = None
    received_at: datetime | None = None
    refused: Failed | None = None
    lane: Lane = NO_VENDOR_LANE
    is_probe: bool = False

    @property
    def context(self) -> MessageContext:
        """Return its recipient and topic."""
        return self.notification.context

    @property
    def is_reply(self) -> bool:
        """Whether it is sent as a reply to a posted message, which is then not locked for it."""
        return self.delivery is not None and self.notification.ref is not None


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """The result of a call."""

    sent: OutboundCall
    result: Delivered | Failed


class SenderPool(Protocol):
    """The sender threads of this process, for code that has just written something to send."""

    def take(self, lane: Lane) -> bool:
        """Take a thread for a call on this lane, if there is room; it waits for `send`."""
        ...

    def release(self, lanes: Iterable[Lane]) -> None:
        """Release threads that were taken."""
        ...

    def send(self, claimed: Sequence[OutboundCall]) -> None:
        """Send claimed calls; a thread was taken for each."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Start no call meanwhile: decisions come first."""
        ...


class NoSenderPool:
    """A process that sends nothing itself: the web, and commands."""

    def take(self, lane: Lane) -> bool:
        """Return that no thread is free."""
        del lane
        return False

    def release(self, lanes: Iterable[Lane]) -> None:
        """Do nothing: nothing was taken."""

    def send(self, claimed: Sequence[OutboundCall]) -> None:
        """Do nothing: nothing was taken."""

    def held(self) -> AbstractContextManager[None]:
        """Hold nothing."""
        return nullcontext()
