"""Items of the sandbox's inbox, which it keeps instead of sending them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from escalator.model.destination_kind import DestinationKind


class InboxItemType(StrEnum):
    """The type of an item: a message, an answer that one person sees, or a window that opened for one person."""

    MESSAGE = "message"
    EPHEMERAL = "ephemeral"
    VIEW = "view"


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One item that somebody would see. `person` is a policy key, or the vendor's id of somebody without one.

    `ts` is its id within its channel, as Slack's is; `sealed_payload` is None after its content has been purged.
    """

    id: UUID
    created_at: datetime
    type: InboxItemType
    channel: DestinationKind
    incident_id: UUID | None
    number: int | None
    destination: str
    address: str
    person: str | None
    ts: str
    sealed_payload: bytes | None
    thread_ts: str | None = None
    broadcast: bool = False
    updated_at: datetime | None = None
