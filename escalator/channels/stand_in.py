"""What a vendor's folder offers to the sandbox: something that stands in for the vendor, and how that is looked at.

Nothing outside of the sandbox imports these parts (`VENDOR/sandbox.py`), and they know the sandbox's store by `Inbox`
only.
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
    """Where the sandbox keeps what would have been sent; what stands there has the reference `ADDRESS/TS`.

    What is kept says `text`, which a person reads first, and `first_text`, what that was when it came.
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
        """Keep something that somebody would see, under a `ts` that is new."""
        ...

    def add(
        self, channel: DestinationKind, context: MessageContext, address: str, payload: Json, ts: str
    ) -> Delivered | Failed | None:
        """Keep a message under this `ts`; None, and nothing is kept, when that is taken."""
        ...

    def put(
        self,
        channel: DestinationKind,
        context: MessageContext,
        address: str,
        ts: str,
        change: Callable[[Json], Json | None],
    ) -> Failed | None:
        """Let the message under this `ts` say what `change` makes of what it says; it is made where nothing stands.

        Where that is None, it stays as it is.
        """
        ...

    def rewrite(self, ref: str, change: Callable[[Json], Json | None]) -> Delivered | Failed:
        """Let what stands say what `change` makes of what it says; BAD_TARGET for None, and when nothing stands."""
        ...

    def read(self, ref: str) -> Json | Failed:
        """Return what a message says: nothing of one that has been purged, BAD_TARGET when nothing stands there."""
        ...

    def about(
        self, channel: DestinationKind, context: MessageContext, limit: int
    ) -> Sequence[tuple[str, Json]] | Failed:
        """Return the newest messages about an incident at a destination, the newest first: `ts` and what it says."""
        ...

    def newest_ts(self, channel: DestinationKind, address: str) -> str | Failed:
        """Return the `ts` of the newest message at an address; empty where there is none."""
        ...

    def destination_at(self, address: str) -> str | Failed | None:
        """Return which destination was last written to at an address."""
        ...


@dataclass(frozen=True, slots=True)
class SandboxDestination:
    """What the page knows of the destination of a message: its expanded options, and the sandbox's own secret."""

    options: Mapping[str, str]
    sandbox_secret: str


class Shown(NamedTuple):
    """A message as the page draws it: the vendor's own object, and what can be pressed there."""

    form: Json
    buttons: list[Json]


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody does something at the vendor: `act` is what the button says, `event_id` a number nobody else has.

    `known_as` finds the person's address of some kind, expanded; empty where they have none.
    """

    act: str
    person: Person
    known_as: Callable[[DestinationKind], str]
    now: datetime
    event_id: int
    sandbox_secret: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a deed makes of the vendor's object, and the request that tells us of it."""

    form: Json
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something was not done, in words for the page."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxVendor:
    """One vendor, played.

    `stored_as` is the key under which what is kept holds the vendor's own object. `make_channel` returns the way out
    that ends in the inbox; among its clients, `slack` is the stand-in already. `show` returns what the page draws, and
    `act` does what is pressed; None where nothing is pressed but links.
    """

    kind: DestinationKind
    stored_as: str
    make_channel: Callable[[Inbox, Clients, Settings, Clock], Channel]
    show: Callable[[InboxItem, Json, SandboxDestination], Shown]
    act: Callable[[InboxItem, Json, Deed], Done | Refused] | None
