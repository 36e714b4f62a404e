"""The contract of all channels; each vendor implements it in a package of its own.

A channel gets a message, an address, and the reference of a message that is already there; it returns the result. It
never raises for anything a vendor or the network does, each of its calls ends within CALL_ENDS_S, and nothing that it
returns or logs holds a secret, an address or content.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Card, Delivered, Failed, IncidentStatus, Link, MessageContext, Occasion

CALL_ENDS_S = 25.0
"""No call to a vendor takes longer, with name look-up and a slow answer (ENGINE, Leases)."""


FURTHER_FIELDS = "further_fields"
"""Among a notification's options: the `further_fields` of a destination, as a JSON object."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One call to a vendor.

    `address` and `options` (further values of the destination, by their keys in the policy) are expanded: they may be
    secrets. `standing` is the incident's status, None for operator alerts and tests. `key` identifies this notification
    and is the same at every retry; `place` identifies the posted message of this incident and recipient for all its
    notifications; `ref` is the vendor's reference of that message, None while there is none. `answer` is the link by
    which the reader of an email may answer. `at` is when it is sent. `is_urgent` messages use the reserve of the rate
    limit: the first alert of a category, and what somebody has done.
    """

    context: MessageContext
    address: str
    card: Card
    occasion: Occasion
    key: str
    place: str
    at: datetime
    standing: IncidentStatus | None = None
    ref: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    answer: Link | None = None
    is_urgent: bool = False


class Channel(Protocol):
    """One vendor."""

    def send(self, notification: Notification, /) -> Delivered | Failed:
        """Notify: post the message, or, where `ref` names a posted one, notify there again.

        The same `key` twice has one effect, as far as the vendor supports it. Returns the posted message's reference.
        """
        ...

    def update(self, notification: Notification, /) -> Delivered | Failed:
        """Update the posted message without notifying anybody."""
        ...

    def face(self, notification: Notification, /) -> str:
        """Return a digest, at most 64 characters, of what this vendor shows: equal faces need no update."""
        ...


WaysOut = Mapping[DestinationKind, Channel]
"""The channel of every kind."""


def fingerprint_of(*parts: str) -> str:
    """Return a face from texts that are too long for one."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
