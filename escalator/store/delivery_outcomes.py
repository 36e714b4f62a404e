"""Writes the outcome of claimed rows, even if a database crash has lost the claim.

Claims do not wait for the disk. A row's claim number only grows, so a row with a lower number than our claim has lost
that claim: our outcome is then the truth about the row, and restores the claim. A process that claimed the row again
may have got the same number, so the owner is compared too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from escalator.model.message import Delivered
from escalator.store.deliveries import DeliveryState
from escalator.store.posted_message_updates import supersede_earlier
from escalator.store.posted_messages import PostedMessage, insert
from escalator.store.tables import deliveries, posted_messages


class ClaimStatus(Enum):
    """How a delivery's row compares with a claim of ours whose outcome is known. A deleted row has no status."""

    HELD = auto()
    FORGOTTEN = auto()
    WRITTEN = auto()
    TAKEN_OVER = auto()

    @property
    def is_ours(self) -> bool:
        """Whether our outcome counts."""
        return self in {ClaimStatus.HELD, ClaimStatus.FORGOTTEN}


_DECIDED = frozenset({DeliveryState.DELIVERED, DeliveryState.FAILED})


def lock_claim_status(connection: Connection, claims: Mapping[UUID, int], owner: UUID) -> dict[UUID, ClaimStatus]:
    """Return how each delivery, locked, compares with our claim of that number; deleted ones are left out."""
    if not claims:
        return {}
    columns = (deliveries.c.id, deliveries.c.claim_number, deliveries.c.claimed_by, deliveries.c.state)
    rows = connection.execute(select(*columns).where(deliveries.c.id.in_(claims)).with_for_update())
    return {row.id: _standing(row, claims[row.id], owner) for row in rows}


def _standing(row: Any, mine: int, owner: UUID) -> ClaimStatus:
    if row.claim_number == mine and row.claimed_by == owner:
        return ClaimStatus.HELD if row.state == DeliveryState.SENDING else ClaimStatus.WRITTEN
    is_forgotten = row.claim_number < mine and row.state not in _DECIDED
    return ClaimStatus.FORGOTTEN if is_forgotten else ClaimStatus.TAKEN_OVER


_RESULT = ("claim_number", "state", "reason", "attempts", "next_attempt_at", "delivered_at")
_FINISH = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}", type_=deliveries.c[name].type) for name in _RESULT})
    .values(claimed_by=bindparam("new_owner"), bundle_id=None)
)


def record_results(connection: Connection, results: Sequence[Mapping[str, Any]], owner: UUID) -> None:
    """Write the outcome of deliveries that are locked and ours: id, claim_number, state, reason and so on."""
    if results:
        rows = [{f"new_{name}": result.get(name) for name in _RESULT} for result in results]
        keys = [{"key": result["id"], "new_owner": owner} for result in results]
        connection.execute(_FINISH, [row | key for row, key in zip(rows, keys, strict=True)])


_IS_OURS = and_(
    posted_messages.c.id == bindparam("post"),
    or_(
        and_(posted_messages.c.claim_number == bindparam("mine"), posted_messages.c.claimed_by == bindparam("me")),
        posted_messages.c.claim_number < bindparam("mine"),
    ),
)
_LET_GO = (
    update(posted_messages).where(_IS_OURS).values(claim_number=bindparam("mine"), claimed_by=None, claimed_at=None)
)
_SHOWN = _LET_GO.values(
    shown_revision=bindparam("revision"), shown_fingerprint=bindparam("seen"), attempts=0, reason=None
)
_CREATED = _SHOWN.values(vendor_ref=bindparam("place"))
_NOT_SHOWN = _LET_GO.values(attempts=posted_messages.c.attempts + 1, reason=bindparam("why"))
_PUT_OFF = _NOT_SHOWN.values(next_attempt_at=bindparam("then"))
_GIVEN_UP = _NOT_SHOWN.values(shown_revision=posted_messages.c.wanted_revision)


def _claimed(post: PostedMessage, owner: UUID) -> dict[str, Any]:
    return {"post": post.id, "mine": post.claim_number, "me": owner}


def record_posted(connection: Connection, new: Sequence[tuple[PostedMessage, int, Delivered]], owner: UUID) -> None:
    """Record each message's place at its vendor and what it shows; a click may have reported the place.

    Messages at the same place for earlier rounds become outdated: they are superseded.
    """
    if new:
        rows = [
            _claimed(post, owner) | {"place": delivered.ref, "revision": revision, "seen": delivered.face or None}
            for post, revision, delivered in new
        ]
        connection.execute(_CREATED, rows)
        supersede_earlier(connection, [post for post, _revision, _delivered in new])


def insert_missing(
    connection: Connection, posted: Sequence[tuple[PostedMessage, int, Delivered]], now: datetime
) -> None:
    """Insert messages that a crash deleted together with their claim, unless a click has already restored them.

    The revision that they should show must be read once their incidents can be locked.
    """
    if not posted:
        return
    refs = [delivered.ref for _, _, delivered in posted]
    rows = connection.execute(
        select(posted_messages.c.channel, posted_messages.c.vendor_ref).where(posted_messages.c.vendor_ref.in_(refs))
    )
    known = {(row.channel, row.vendor_ref) for row in rows}
    missing = [
        replace(post, vendor_ref=delivered.ref, shown_revision=revision, shown_fingerprint=delivered.face or None)
        for post, revision, delivered in posted
        if (post.channel, delivered.ref) not in known
    ]
    insert(connection, missing, None, now)


def record_updated(
    connection: Connection, updated: Sequence[tuple[PostedMessage, int, Delivered]], owner: UUID
) -> None:
    """Record which revision each message shows now."""
    if updated:
        rows = [
            _claimed(post, owner) | {"revision": revision, "seen": delivered.face or None}
            for post, revision, delivered in updated
        ]
        connection.execute(_SHOWN, rows)


def release_claim(connection: Connection, post: PostedMessage, owner: UUID) -> None:
    """Release the claim on an unsent posted message."""
    connection.execute(_LET_GO, _claimed(post, owner))


def record_update_failure(
    connection: Connection, post: PostedMessage, owner: UUID, next_at: datetime, reason: str
) -> None:
    """Record that updating a posted message failed, and when to retry."""
    connection.execute(_PUT_OFF, _claimed(post, owner) | {"why": reason, "then": next_at})


def record_update_given_up(connection: Connection, post: PostedMessage, owner: UUID, reason: str) -> None:
    """Record that updating a posted message failed for good: it then counts as up to date."""
    connection.execute(_GIVEN_UP, _claimed(post, owner) | {"why": reason})
