"""What every way out is: one small contract, and one room per vendor behind it.

A channel is given what to say, where, and what stands there already; it returns what became of it. It never raises for
anything a vendor or the network does, each of its calls ends within CALL_ENDS_S, and nothing that it returns or logs
holds a secret, an address or content.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Card, Delivered, Failed, IncidentStatus, Link, MessageContext, Occasion

CALL_ENDS_S = 25.0
"""No call to a vendor takes longer, name look-up and a dripping answer included (ENGINE, Leases)."""


FURTHER_FIELDS = "further_fields"
"""Among a notification's options: the `further_fields` of a destination, as a JSON object."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One call to a vendor.

    `address` and `options` (what else the destination says, by its key in the policy) are expanded: they may be
    secrets. `standing` is None for what is about no incident: the product's own trouble, and tests. `key` names this
    notification and is the same whenever it is tried again; `place` names what stands at the vendor for this incident
    and recipient over all its notifications; `ref` is the vendor's reference of that, None while nothing stands there.
    `answer` is the link under which the reader of a mail may answer. `at` is when it is said. `is_urgent` is what waits
    behind no flood: the first alert of a category, and what somebody has done.
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
        """Ring: make what stands at the vendor, or, where it stands already, ring there once more.

        The same `key` twice is one effect, as far as the vendor can tell. The reference is that of what stands.
        """
        ...

    def update(self, notification: Notification, /) -> Delivered | Failed:
        """Bring what stands to what the notification says now, without ringing anybody for it."""
        ...

    def face(self, notification: Notification, /) -> str:
        """Return what of the notification this vendor shows, in at most 64 characters: equal faces need no call."""
        ...


WaysOut = Mapping[DestinationKind, Channel]
"""The channel of every kind."""


def digest_of(*parts: str) -> str:
    """Return a face for what has too many words for one."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
