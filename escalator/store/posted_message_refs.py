"""What vendors call our messages: finding a posted message by a reference, and recording references."""

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
from escalator.store.tables import incidents, posts

_ASIDE = 1_000_000
"""Above the slots of all rounds that will ever be."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def clear_ref(connection: Connection, one: PostedMessage) -> None:
    """Note that a full message is gone at its vendor: the next page makes a new one."""
    connection.execute(
        update(posts)
        .where(posts.c.id == one.id, posts.c.ref == one.ref)
        .values(ref=None, shown_rev=0, face=None, alias=None)
    )


def adopt(connection: Connection, new: PostedMessage, now: datetime) -> bool:
    """Make a message of ours that we did not know one of its incident's posts; return whether it was unknown.

    A post whose message was on its way to the same place when its sender died is completed rather than doubled; one at
    another vendor, or of another mode, is not that place.
    """
    is_sandbox = new.mode is Mode.SANDBOX
    # A message outlives a change of its mode, but what stands in the sandbox is never what stands at the vendor.
    same_world = posts.c.mode == Mode.SANDBOX if is_sandbox else posts.c.mode != Mode.SANDBOX
    at_vendor = posts.c.channel == new.channel
    known = select(posts.c.id).where(posts.c.ref == new.ref, at_vendor, same_world).limit(1)
    if connection.execute(known).first() is not None:
        return False
    waiting = connection.scalar(
        select(posts.c.id)
        .where(
            posts.c.incident_id == new.incident_id,
            at_vendor,
            posts.c.mode == new.mode,
            posts.c.ref.is_(None),
            or_(posts.c.address == new.address, posts.c.destination == new.destination),
        )
        .order_by(posts.c.created_at)
        .limit(1)
    )
    if waiting is None:
        insert(connection, [new], None, now)
    else:
        connection.execute(update(posts).where(posts.c.id == waiting).values(ref=new.ref, shown_rev=0))
    return True


def next_slot(connection: Connection, incident_id: UUID) -> int:
    """Return a slot that no post of the incident has."""
    highest = connection.scalar(select(func.max(posts.c.slot)).where(posts.c.incident_id == incident_id))
    return (highest or 0) + 1


def find(connection: Connection, channel: DestinationKind, refs: Iterable[str], alias: str) -> list[PostedMessage]:
    """Return the posts at a vendor that one of these references means, or that stand in what it calls by that name.

    A mark of ours among the references names the post itself, also one of which nobody has written yet that it stands.
    """
    named = list(refs)
    places = [place for ref in named if (place := place_in(ref)) is not None]
    wanted = [posts.c.ref.in_(named), posts.c.id.in_(places), *([posts.c.alias == alias] if alias else [])]
    return _found(connection, WITH_HOLDER.where(posts.c.channel == channel, or_(*wanted)).order_by(posts.c.id))


def _found(connection: Connection, question: Select[Any]) -> list[PostedMessage]:
    return [from_row(row) for row in connection.execute(question, lapsed_since(_LONG_AGO))]


def find_by_number(connection: Connection, channel: DestinationKind, number: int, alias: str) -> list[PostedMessage]:
    """Return what stands at a vendor for the incident of that number, unless it has another name there."""
    mine = select(incidents.c.id).where(incidents.c.number == number).scalar_subquery()
    is_nameless = or_(posts.c.alias.is_(None), posts.c.alias == alias)
    newest = WITH_HOLDER.where(posts.c.channel == channel, posts.c.incident_id == mine, posts.c.ref.is_not(None))
    return _found(connection, newest.where(is_nameless).order_by(posts.c.id.desc()).limit(1))


def record_ref(connection: Connection, one: PostedMessage, ref: str, alias: str) -> None:
    """Note where a post stands, if nobody has yet, and the vendor's own name for what it stands in."""
    is_new = and_(posts.c.id == one.id, posts.c.ref.is_(None))
    connection.execute(update(posts).where(is_new).values(ref=ref[:256], shown_rev=0))
    if alias:
        is_nameless = and_(posts.c.id == one.id, posts.c.alias.is_(None))
        connection.execute(update(posts).where(is_nameless).values(alias=alias[:64]))


def clear_aliases(connection: Connection, channel: DestinationKind, aliases: Iterable[str]) -> None:
    """Note that what stands under these names at a vendor is no longer told apart by them: it is asked for anew."""
    mine = (posts.c.channel == channel, posts.c.alias.in_([alias for alias in aliases if alias]))
    connection.execute(update(posts).where(*mine).values(alias=None))


def record_shown(connection: Connection, one: PostedMessage, face: str | None) -> None:
    """Note what a post shows at its vendor since somebody changed it there; None when that is not known."""
    connection.execute(update(posts).where(posts.c.id == one.id).values(face=face))


def record_acknowledged_round(connection: Connection, one: PostedMessage, round_: int) -> None:
    """Note that the answer to a round was given right there."""
    connection.execute(update(posts).where(posts.c.id == one.id).values(answered_round=round_))


def move_to_new_slot(connection: Connection, one: PostedMessage) -> None:
    """Let the next page at the place of a post stand on its own; this one is kept, and superseded by it."""
    slot = one.slot + _ASIDE if one.slot >= 0 else one.slot - _ASIDE
    taken = select(func.count()).where(posts.c.incident_id == one.incident_id).scalar_subquery()
    apart = slot + taken if one.slot >= 0 else slot - taken
    connection.execute(update(posts).where(posts.c.id == one.id).values(slot=apart))
