"""The parts of a vendor's folder for the sandbox: the simulated vendor, and how its messages are shown.

Nothing outside of the sandbox imports these parts (`VENDOR/sandbox.py`), and they use the sandbox's store only through
`Inbox`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from escalator.channels.clients import Clients
from escalator.channels.contract import Channel
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.model.policy import Person
from escalator.model.sandbox_item import InboxItem, InboxItemType
from escalator.settings import Settings

Json = dict[str, Any]

NOT_NOW = Failed(FailureReason.UNREACHABLE, "inbox")
NOT_THERE = Failed(FailureReason.BAD_TARGET, "message_not_found")


class Inbox(Protocol):
    """The sandbox's store of what would have been sent; the reference of a message is `ADDRESS/TS`.

    A payload has `text`, which a person reads first, and `first_text`, what that was at first.
    """

    def keep(
        self,
        channel: DestinationKind,
        context: MessageContext,
        address: str,
        payload: Json,
        *,
        type_: InboxItemType = InboxItemType.MESSAGE,
        thread_ts: str | None = None,
        broadcast: bool = False,
    ) -> Delivered | Failed:
        """Store an item that somebody would see, under a new `ts`."""
        ...

    def add(
        self, channel: DestinationKind, context: MessageContext, address: str, payload: Json, ts: str
    ) -> Delivered | Failed | None:
        """Store a message under this `ts`; return None, and store nothing, when that is taken."""
        ...

    def put(
        self,
        channel: DestinationKind,
        context: MessageContext,
        address: str,
        ts: str,
        change: Callable[[Json], Json | None],
    ) -> Failed | None:
        """Replace the payload of the message under this `ts` with the result of `change`; create it where there is
        none.

        When the result is None, nothing changes.
        """
        ...

    def rewrite(self, ref: str, change: Callable[[Json], Json | None]) -> Delivered | Failed:
        """Replace a message's payload with the result of `change`; BAD_TARGET when that is None or there is no
        message.
        """
        ...

    def read(self, ref: str) -> Json | Failed:
        """Return a message's payload: empty for one that has been purged, BAD_TARGET when there is none."""
        ...

    def about(
        self, channel: DestinationKind, context: MessageContext, limit: int
    ) -> Sequence[tuple[str, Json]] | Failed:
        """Return the newest messages about an incident at a destination, the newest first: `ts` and payload."""
        ...

    def newest_ts(self, channel: DestinationKind, address: str) -> str | Failed:
        """Return the `ts` of the newest message at an address; empty where there is none."""
        ...

    def destination_at(self, address: str) -> str | Failed | None:
        """Return the destination of the last message to an address."""
        ...


@dataclass(frozen=True, slots=True)
class SandboxDestination:
    """The destination of a message for the page: its expanded options, and the sandbox's own secret."""

    options: Mapping[str, str]
    sandbox_secret: str


class Shown(NamedTuple):
    """A message for the page: the vendor's own object, and its buttons."""

    form: Json
    buttons: list[Json]


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody acts at the vendor: `act` is the button's label, `event_id` a unique id.

    `known_as` returns the person's expanded address of some kind; empty where they have none.
    """

    act: str
    person: Person
    known_as: Callable[[DestinationKind], str]
    now: datetime
    event_id: int
    sandbox_secret: str


@dataclass(frozen=True, slots=True)
class Done:
    """The vendor's object after an action, and the webhook about it."""

    form: Json
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an action was refused, in words for the page."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxVendor:
    """One simulated vendor.

    `stored_as` is the key of the vendor's own object in a payload. `make_channel` returns the channel that stores in
    the inbox; among its clients, `slack` is already simulated. `show` returns the message for the page, and `act` does
    what a button says; None where there are only links.
    """

    kind: DestinationKind
    stored_as: str
    make_channel: Callable[[Inbox, Clients, Settings, Clock], Channel]
    show: Callable[[InboxItem, Json, SandboxDestination], Shown]
    act: Callable[[InboxItem, Json, Deed], Done | Refused] | None
