"""Vendors' references to our messages: finding a posted message by one, and recording them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, func, or_, select, update

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.model.vendor_event import place_in
from escalator.store.leases import lapsed_since
from escalator.store.posted_messages import WITH_HOLDER, PostedMessage, from_row, insert
from escalator.store.tables import incidents, posted_messages

_ASIDE = 1_000_000
"""Above the slots of all rounds that will ever exist."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def clear_ref(connection: Connection, post: PostedMessage) -> None:
    """Record that a full message is gone at its vendor: the next page creates a new one."""
    connection.execute(
        update(posted_messages)
        .where(posted_messages.c.id == post.id, posted_messages.c.vendor_ref == post.vendor_ref)
        .values(vendor_ref=None, shown_revision=0, shown_fingerprint=None, vendor_incident_id=None)
    )


def adopt(connection: Connection, new: PostedMessage, now: datetime) -> bool:
    """Add an unknown message of ours to its incident's posted messages; return whether it was unknown.

    If a sender died while sending a message to the same place, that row is completed and not duplicated; another vendor
    or another mode is a different place.
    """
    is_sandbox = new.mode is Mode.SANDBOX
    # A message outlives a change of its mode, but a sandbox message is never one at the vendor.
    same_world = posted_messages.c.mode == Mode.SANDBOX if is_sandbox else posted_messages.c.mode != Mode.SANDBOX
    at_vendor = posted_messages.c.channel == new.channel
    known = (
        select(posted_messages.c.id)
        .where(posted_messages.c.vendor_ref == new.vendor_ref, at_vendor, same_world)
        .limit(1)
    )
    if connection.execute(known).first() is not None:
        return False
    waiting = connection.scalar(
        select(posted_messages.c.id)
        .where(
            posted_messages.c.incident_id == new.incident_id,
            at_vendor,
            posted_messages.c.mode == new.mode,
            posted_messages.c.vendor_ref.is_(None),
            or_(posted_messages.c.address == new.address, posted_messages.c.destination == new.destination),
        )
        .order_by(posted_messages.c.created_at)
        .limit(1)
    )
    if waiting is None:
        insert(connection, [new], None, now)
    else:
        connection.execute(
            update(posted_messages)
            .where(posted_messages.c.id == waiting)
            .values(vendor_ref=new.vendor_ref, shown_revision=0)
        )
    return True


def next_slot(connection: Connection, incident_id: UUID) -> int:
    """Return a slot that the incident does not use."""
    highest = connection.scalar(
        select(func.max(posted_messages.c.slot)).where(posted_messages.c.incident_id == incident_id)
    )
    return (highest or 0) + 1


def find(
    connection: Connection, channel: DestinationKind, refs: Iterable[str], vendor_incident_id: str
) -> list[PostedMessage]:
    """Return the messages at a vendor with one of these references, or of its incident with that id.

    Our own mark among the references names the message itself, even before it is recorded as posted.
    """
    named = list(refs)
    places = [place for ref in named if (place := place_in(ref)) is not None]
    conditions = [
        posted_messages.c.vendor_ref.in_(named),
        posted_messages.c.id.in_(places),
        *([posted_messages.c.vendor_incident_id == vendor_incident_id] if vendor_incident_id else []),
    ]
    return _read(
        connection,
        WITH_HOLDER.where(posted_messages.c.channel == channel, or_(*conditions)).order_by(posted_messages.c.id),
    )


def _read(connection: Connection, question: Select[Any]) -> list[PostedMessage]:
    return [from_row(row) for row in connection.execute(question, lapsed_since(_LONG_AGO))]


def find_by_number(
    connection: Connection, channel: DestinationKind, number: int, vendor_incident_id: str
) -> list[PostedMessage]:
    """Return the message at a vendor for the incident of that number, unless it has another incident there."""
    mine = select(incidents.c.id).where(incidents.c.number == number).scalar_subquery()
    is_unknown = or_(
        posted_messages.c.vendor_incident_id.is_(None), posted_messages.c.vendor_incident_id == vendor_incident_id
    )
    newest = WITH_HOLDER.where(
        posted_messages.c.channel == channel,
        posted_messages.c.incident_id == mine,
        posted_messages.c.vendor_ref.is_not(None),
    )
    return _read(connection, newest.where(is_unknown).order_by(posted_messages.c.id.desc()).limit(1))


def record_ref(connection: Connection, post: PostedMessage, ref: str, vendor_incident_id: str) -> None:
    """Record a message's reference, if it has none yet, and the vendor's id of the incident that it belongs to."""
    is_new = and_(posted_messages.c.id == post.id, posted_messages.c.vendor_ref.is_(None))
    connection.execute(update(posted_messages).where(is_new).values(vendor_ref=ref[:256], shown_revision=0))
    if vendor_incident_id:
        is_unknown = and_(posted_messages.c.id == post.id, posted_messages.c.vendor_incident_id.is_(None))
        connection.execute(update(posted_messages).where(is_unknown).values(vendor_incident_id=vendor_incident_id[:64]))


def clear_vendor_incident_ids(connection: Connection, channel: DestinationKind, incident_ids: Iterable[str]) -> None:
    """Clear these vendor incident ids: the messages may belong to others by now, so they are looked up again."""
    mine = (
        posted_messages.c.channel == channel,
        posted_messages.c.vendor_incident_id.in_([incident_id for incident_id in incident_ids if incident_id]),
    )
    connection.execute(update(posted_messages).where(*mine).values(vendor_incident_id=None))


def record_shown(connection: Connection, post: PostedMessage, fingerprint: str | None) -> None:
    """Record what a message shows at its vendor after somebody changed it there; None if unknown."""
    connection.execute(
        update(posted_messages).where(posted_messages.c.id == post.id).values(shown_fingerprint=fingerprint)
    )


def record_acknowledged_round(connection: Connection, post: PostedMessage, round_: int) -> None:
    """Record that a round was acknowledged at the vendor."""
    connection.execute(update(posted_messages).where(posted_messages.c.id == post.id).values(acknowledged_round=round_))


def move_to_new_slot(connection: Connection, post: PostedMessage) -> None:
    """Move a message out of its slot: the next page at its place is a new message and supersedes this one."""
    slot = post.slot + _ASIDE if post.slot >= 0 else post.slot - _ASIDE
    slots_used = select(func.count()).where(posted_messages.c.incident_id == post.incident_id).scalar_subquery()
    apart = slot + slots_used if post.slot >= 0 else slot - slots_used
    connection.execute(update(posted_messages).where(posted_messages.c.id == post.id).values(slot=apart))
