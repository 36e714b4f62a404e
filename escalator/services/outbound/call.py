"""One call to a vendor: its content, recipient and outcome."""

from dataclasses import dataclass
from datetime import datetime

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
