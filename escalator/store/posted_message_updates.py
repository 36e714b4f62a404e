"""Outdated posted messages: finds and claims them, and sets the revision they should show."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, not_, select, update

from escalator.model.incident import State
from escalator.store.leases import HEARTBEAT_TIMEOUT, lapsed_since
from escalator.store.posted_messages import IS_HELD, WITH_HOLDER, PostedMessage, from_row
from escalator.store.tables import Instant, incidents, posted_messages

_NOW = bindparam("now", type_=Instant)
_IS_BEHIND = and_(
    posted_messages.c.shown_revision < posted_messages.c.wanted_revision,
    posted_messages.c.vendor_ref.is_not(None),
    posted_messages.c.next_attempt_at <= _NOW,
    not_(IS_HELD),
)
OUTDATED = select(posted_messages.c.id).where(_IS_BEHIND)
"""Messages that are outdated and may be updated; it takes the values of `lapsed_since`."""

_IS_WAITING = incidents.c.state == State.TRIGGERED
_BEHIND = (
    WITH_HOLDER.join(incidents, incidents.c.id == posted_messages.c.incident_id)
    .where(_IS_BEHIND, posted_messages.c.endpoint.not_in(bindparam("endpoints", expanding=True)))
    .order_by(
        case((_IS_WAITING, 1), else_=0),
        case((posted_messages.c.attempts > 0, 1), else_=0),
        posted_messages.c.next_attempt_at,
    )
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=posted_messages)
)


def lock_outdated(
    connection: Connection,
    now: datetime,
    limit: int,
    silence: timedelta = HEARTBEAT_TIMEOUT,
    without_endpoints: Collection[str] = (),
) -> list[PostedMessage]:
    """Return outdated posted messages, locked; rows that others have locked are skipped.

    Changes made by people are shown before automatic ones; what has failed before comes last.
    """
    parameters = {"most": limit, "endpoints": list(without_endpoints)}
    return [from_row(row) for row in connection.execute(_BEHIND, lapsed_since(now, silence) | parameters)]


def claim(connection: Connection, ids: Sequence[UUID], owner: UUID, now: datetime) -> None:
    """Record that this process works on these messages."""
    if ids:
        connection.execute(
            update(posted_messages)
            .where(posted_messages.c.id.in_(ids))
            .values(claimed_by=owner, claim_number=posted_messages.c.claim_number + 1, claimed_at=now)
        )


def supersede_earlier(connection: Connection, new: Iterable[PostedMessage]) -> None:
    """Let earlier rounds' messages at the same places as these be updated."""
    for post in new:
        if post.channel.about.has_message_each_round:
            _look_again(connection, and_(_same_place(post), posted_messages.c.id < post.id))


def _same_place(post: PostedMessage) -> ColumnElement[bool]:
    return and_(
        posted_messages.c.incident_id == post.incident_id,
        posted_messages.c.destination == post.destination,
        posted_messages.c.address == post.address,
        posted_messages.c.mode == post.mode,
        posted_messages.c.vendor_ref.is_not(None),
    )


def superseded(connection: Connection, behind: Iterable[PostedMessage]) -> frozenset[UUID]:
    """Return those of these messages with a later alert at the same place: ids are in order of creation."""
    alerts = (one for one in behind if one.channel.about.has_message_each_round)
    later = (
        (post, select(posted_messages.c.id).where(_same_place(post), posted_messages.c.id > post.id).limit(1))
        for post in alerts
    )
    return frozenset(post.id for post, question in later if connection.execute(question).first() is not None)


def _look_again(connection: Connection, which: ColumnElement[bool]) -> None:
    """Request another update, even of messages being updated right now: they get a higher wanted revision than their
    incident has. Their next claim corrects it, and treats it as a sign that what they show is unknown.
    """
    connection.execute(
        update(posted_messages).where(which).values(wanted_revision=posted_messages.c.wanted_revision + 1)
    )


_RAISE = (
    update(posted_messages)
    .where(
        posted_messages.c.incident_id == bindparam("incident"),
        posted_messages.c.wanted_revision < bindparam("revision"),
    )
    .values(
        wanted_revision=bindparam("revision"),
        next_attempt_at=case(
            (posted_messages.c.next_attempt_at < bindparam("now"), bindparam("now")),
            else_=posted_messages.c.next_attempt_at,
        ),
    )
)


def raise_wanted_revision(connection: Connection, wanted: Sequence[tuple[UUID, int]], now: datetime) -> None:
    """Let all posts of these incidents show this revision; at once, unless their vendor asked us to wait."""
    if wanted:
        connection.execute(
            _RAISE, [{"incident": incident_id, "revision": rev, "now": now} for incident_id, rev in wanted]
        )


def lower_wanted_revision(connection: Connection, post: PostedMessage, revision: int) -> None:
    """Reduce a locked post's wanted revision to its incident's: if it were higher, updates would never end."""
    connection.execute(update(posted_messages).where(posted_messages.c.id == post.id).values(wanted_revision=revision))


def request_update(connection: Connection, post: PostedMessage) -> None:
    """Request another update of a message, whatever it shows."""
    _look_again(connection, posted_messages.c.id == post.id)
