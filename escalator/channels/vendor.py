"""Everything that a vendor's folder offers to the rest of the product, besides the description of its kind.

No part has a default: a folder that leaves one out does not pass the check of types and cannot be imported.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from escalator.channels.clients import Clients
from escalator.channels.contract import Channel
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.model.vendor_event import VendorEvent
from escalator.settings import Settings


@dataclass(frozen=True, slots=True)
class Question:
    """What `doctor` asks of a vendor: would this destination be reached? Nobody may notice that it was asked.

    `address` and `options` are expanded; `further_fields` are the ids of those that the policy names.
    """

    destination: str
    address: str
    options: Mapping[str, str]
    further_fields: frozenset[str]


NO_ADDRESS = Failed(FailureReason.NOT_CONFIGURED, "no_address")
"""The answer about an address that names a variable which is not set."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of ours that stands at a vendor: its reference, and the vendor's id of its incident, if it has one."""

    destination: str
    address: str
    ref: str
    vendor_incident_id: str | None


class Place(NamedTuple):
    """What such a message is called in the dashboard, and its address where that is certain."""

    label: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """What a vendor tells us by itself: `verify` raises Unauthorized, `event_id` InvalidEvent, `parse` InvalidEvent.

    `headers` are those that its requests are known by. `verify` is given body, headers, secrets, and the `token` of the
    query; `secrets` are those that count. `has_question` says whether the vendor has to be asked before it is clear
    what something means; it is told whether that is about a message of ours that we know. `ask` asks.
    """

    headers: tuple[str, ...]
    secrets: Callable[[Settings], Iterable[str]]
    verify: Callable[[bytes, Mapping[str, str], Iterable[str], str], None]
    event_id: Callable[[bytes], str]
    parse: Callable[[bytes], VendorEvent | None]
    has_question: Callable[[Settings, VendorEvent, bool], bool]
    ask: Callable[[Clients, bytes], VendorEvent | Failed | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor.

    `make_channel` returns its way out. `probe` answers `doctor`'s question; None for a vendor that cannot be asked.
    `remedies` are what to do about a failure of a probe, where that is not what everybody else says. `place` says where
    a message of ours stands, None where that is nowhere that can be opened. `callbacks` is None for a vendor that tells
    us nothing.
    """

    kind: DestinationKind
    make_channel: Callable[[Clients, Settings, Clock], Channel]
    probe: Callable[[Clients, Settings, Question], Delivered | Failed] | None
    remedies: Mapping[FailureReason, str]
    place: Callable[[Settings, Posted], Place | None]
    callbacks: Callbacks | None


def nowhere(_settings: Settings, _posted: Posted) -> Place | None:
    """Return that a message stands nowhere that can be opened: the `place` of a vendor that only sends."""
    return None
