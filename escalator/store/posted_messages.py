"""Messages posted at vendors: one row for each, updated to its newest state by one worker at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, bindparam, not_, select

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.store.leases import HEARTBEAT_TIMEOUT, is_lapsed, lapsed_since
from escalator.store.tables import posted_messages
from escalator.store.upserts import insert_or_leave


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """A message posted, or to be posted, at a vendor for an incident; `vendor_ref` is None until it is posted.

    `endpoint` is the endpoint's name (engine/endpoints).

    `shown_fingerprint` identifies the content that it shows (made by its channel); None when that is not known.
    `vendor_incident_id` is the vendor's own id of the incident that it belongs to, `acknowledged_round` the round that
    was last acknowledged at the vendor.
    """

    id: UUID
    incident_id: UUID
    destination: str
    endpoint: str
    address: str
    slot: int
    mode: Mode
    channel: DestinationKind
    person: str | None
    vendor_ref: str | None
    wanted_revision: int
    shown_revision: int
    claim_number: int
    attempts: int
    shown_fingerprint: str | None = None
    vendor_incident_id: str | None = None
    acknowledged_round: int | None = None
    is_held: bool = False

    @property
    def round(self) -> int:
        """Return the round of the slot, where each round has its own message (PagerDuty)."""
        return self.slot if self.slot >= 0 else -1 - self.slot


IS_HELD = and_(posted_messages.c.claimed_by.is_not(None), not_(is_lapsed(posted_messages)))
WITH_HOLDER = select(posted_messages, IS_HELD.label("is_held"))
"""Posted messages, each with whether a process works on it (`is_held`). Takes the values of `leases.lapsed_since`."""
_OF = WITH_HOLDER.where(posted_messages.c.incident_id.in_(bindparam("ids", expanding=True))).order_by(
    posted_messages.c.id
)
_OF_LOCKED = _OF.with_for_update(of=posted_messages)


def lock_of(
    connection: Connection, incident_ids: Iterable[UUID], now: datetime, silence: timedelta = HEARTBEAT_TIMEOUT
) -> list[PostedMessage]:
    """Return the posted messages of these incidents, locked; the incidents are locked already."""
    parameters = lapsed_since(now, silence) | {"ids": list(incident_ids)}
    return [from_row(row) for row in connection.execute(_OF_LOCKED, parameters)]


def of_incident(connection: Connection, incident_id: UUID, now: datetime) -> list[PostedMessage]:
    """Return an incident's posted messages as they are now, oldest first."""
    return [from_row(row) for row in connection.execute(_OF, lapsed_since(now) | {"ids": [incident_id]})]


def from_row(row: Row[Any]) -> PostedMessage:
    """Return the posted message in a row of `WITH_HOLDER`."""
    values = {name: getattr(row, name) for name in PostedMessage.__dataclass_fields__}
    return PostedMessage(
        **values | {"mode": Mode(row.mode), "channel": DestinationKind(row.channel), "is_held": bool(row.is_held)}
    )


def insert(connection: Connection, new: Sequence[PostedMessage], owner: UUID | None, now: datetime) -> None:
    """Write posted messages, claimed by this process while they are sent."""
    if not new:
        return
    rows = [
        {name: getattr(post, name) for name in PostedMessage.__dataclass_fields__ if name != "is_held"}
        | {"claimed_by": owner, "claimed_at": now if owner else None, "next_attempt_at": now, "created_at": now}
        for post in new
    ]
    connection.execute(insert_or_leave(connection.dialect.name, posted_messages), rows)
