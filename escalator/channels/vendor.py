"""The parts of a vendor's folder for the rest of the product, besides the description of its kind.

No part has a default: a missing one is an error of mypy and at import.
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
    """`doctor`'s question to a vendor: would this destination be reached? Nobody may be notified by it.

    `address` and `options` are expanded; `further_fields` are the ids of the policy's further fields.
    """

    destination: str
    address: str
    options: Mapping[str, str]
    further_fields: frozenset[str]


NO_ADDRESS = Failed(FailureReason.NOT_CONFIGURED, "no_address")
"""The answer for an address with a variable that is not set."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A posted message: its reference, and the vendor's own id (`vendor_incident_id`), if any."""

    destination: str
    address: str
    ref: str
    vendor_incident_id: str | None


class Place(NamedTuple):
    """The name of a posted message in the dashboard, and its URL where that is certain."""

    label: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """A vendor's webhooks: `verify` raises Unauthorized, `event_id` InvalidEvent, `parse` InvalidEvent.

    `headers` identify its requests. `verify` gets body, headers, secrets, and the `token` of the query; `secrets`
    returns the valid ones. `has_question` says whether the vendor must be asked before an event's meaning is clear; its
    last argument says whether the event is about a known message of ours. `ask` asks.
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

    `make_channel` returns its channel. `probe` answers `doctor`'s question; None for a vendor that cannot be asked.
    `remedies` are the remedies for failures of a probe, where the general ones do not apply. `place` returns the place
    of a posted message, None where it cannot be opened. `callbacks` is None for a vendor without webhooks.
    """

    kind: DestinationKind
    make_channel: Callable[[Clients, Settings, Clock], Channel]
    probe: Callable[[Clients, Settings, Question], Delivered | Failed] | None
    remedies: Mapping[FailureReason, str]
    place: Callable[[Settings, Posted], Place | None]
    callbacks: Callbacks | None


def nowhere(_settings: Settings, _posted: Posted) -> Place | None:
    """Return None: the `place` of a vendor whose messages cannot be opened."""
    return None
