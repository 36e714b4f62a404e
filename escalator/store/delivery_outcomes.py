"""Writing what became of claimed rows, also of claims that a crash of the database has forgotten.

Claims do not wait for the disk. The number of a row's claim only grows, so a row whose number is below that of a claim
has lost it: the outcome of whoever made the claim is the truth about the row, and makes the claim good. Whoever has
claimed the row anew may have got the same number, so the owner tells the two apart.
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
    """How a delivery stands to a claim of ours whose outcome is known. One that is gone stands in no way at all."""

    HELD = auto()
    FORGOTTEN = auto()
    WRITTEN = auto()
    TAKEN_OVER = auto()

    @property
    def is_ours(self) -> bool:
        """Whether our outcome decides."""
        return self in {ClaimStatus.HELD, ClaimStatus.FORGOTTEN}


_DECIDED = frozenset({DeliveryState.DELIVERED, DeliveryState.FAILED})


def lock_claim_status(connection: Connection, claims: Mapping[UUID, int], owner: UUID) -> dict[UUID, ClaimStatus]:
    """Return how each delivery, locked, stands to the claim of that number by this process; those gone are left out."""
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
    """Write what became of deliveries that are locked and ours: id, claim_number, state, reason and so on."""
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
    """Note where each message stands and what it shows; a click may have told us its place before.

    What stands at the same place for earlier rounds is behind from now on: it is superseded.
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
    """Write the messages of forgotten claims that are gone because they were made with them, unless a click was faster.

    What they should show by now is to be asked once their incidents can be locked.
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
    """Note which revision each message shows now."""
    if updated:
        rows = [
            _claimed(post, owner) | {"revision": revision, "seen": delivered.face or None}
            for post, revision, delivered in updated
        ]
        connection.execute(_SHOWN, rows)


def release_claim(connection: Connection, post: PostedMessage, owner: UUID) -> None:
    """Give back a posted message that did not get through."""
    connection.execute(_LET_GO, _claimed(post, owner))


def record_update_failure(
    connection: Connection, post: PostedMessage, owner: UUID, next_at: datetime, reason: str
) -> None:
    """Note that updating a posted message failed, and is tried again."""
    connection.execute(_PUT_OFF, _claimed(post, owner) | {"why": reason, "then": next_at})


def record_update_given_up(connection: Connection, post: PostedMessage, owner: UUID, reason: str) -> None:
    """Note that updating a posted message has failed for good: it counts as showing what it should."""
    connection.execute(_GIVEN_UP, _claimed(post, owner) | {"why": reason})
