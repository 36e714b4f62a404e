"""Which posted messages are outdated, who updates them, and which revision they should show."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, not_, select, update

from escalator.model.incident import State
from escalator.store.leases import HEARTBEAT_TIMEOUT, lapsed_since
from escalator.store.posted_messages import IS_HELD, WITH_HOLDER, PostedMessage, from_row
from escalator.store.tables import Instant, incidents, posts

_NOW = bindparam("now", type_=Instant)
_IS_BEHIND = and_(
    posts.c.shown_rev < posts.c.want_rev, posts.c.ref.is_not(None), posts.c.next_at <= _NOW, not_(IS_HELD)
)
_ANY_BEHIND = select(posts.c.id).where(_IS_BEHIND).limit(1)
_IS_WAITING = incidents.c.state == State.TRIGGERED
_BEHIND = (
    WITH_HOLDER.join(incidents, incidents.c.id == posts.c.incident_id)
    .where(_IS_BEHIND, posts.c.endpoint.not_in(bindparam("endpoints", expanding=True)))
    .order_by(case((_IS_WAITING, 1), else_=0), case((posts.c.attempts > 0, 1), else_=0), posts.c.next_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=posts)
)


def is_any_outdated(connection: Connection, due_before: datetime) -> bool:
    """Whether some message has shown less than it should since then."""
    return connection.execute(_ANY_BEHIND, lapsed_since(due_before)).first() is not None


def lock_outdated(
    connection: Connection,
    now: datetime,
    limit: int,
    silence: timedelta = HEARTBEAT_TIMEOUT,
    without_endpoints: Collection[str] = (),
) -> list[PostedMessage]:
    """Return posts that show less than they should, locked; those that others hold are left to them.

    What somebody has done is shown before what has merely gone on, and what has failed before waits for both.
    """
    asked = {"most": limit, "endpoints": list(without_endpoints)}
    return [from_row(row) for row in connection.execute(_BEHIND, lapsed_since(now, silence) | asked)]


def claim(connection: Connection, ids: Sequence[UUID], owner: UUID, now: datetime) -> None:
    """Note that this process works on these posts."""
    if ids:
        connection.execute(
            update(posts).where(posts.c.id.in_(ids)).values(owner=owner, claim=posts.c.claim + 1, claimed_at=now)
        )


def supersede_earlier(connection: Connection, new: Iterable[PostedMessage]) -> None:
    """Let what stands at the places of these posts for earlier rounds be brought up to date."""
    for one in new:
        if one.channel.about.has_message_each_round:
            _look_again(connection, and_(_same_place(one), posts.c.id < one.id))


def _same_place(one: PostedMessage) -> ColumnElement[bool]:
    return and_(
        posts.c.incident_id == one.incident_id,
        posts.c.destination == one.destination,
        posts.c.address == one.address,
        posts.c.mode == one.mode,
        posts.c.ref.is_not(None),
    )


def superseded(connection: Connection, behind: Iterable[PostedMessage]) -> frozenset[UUID]:
    """Return those of these posts at whose place a later alert stands (their ids are in the order of their making)."""
    alerts = (one for one in behind if one.channel.about.has_message_each_round)
    later = ((one, select(posts.c.id).where(_same_place(one), posts.c.id > one.id).limit(1)) for one in alerts)
    return frozenset(one.id for one, question in later if connection.execute(question).first() is not None)


def _look_again(connection: Connection, which: ColumnElement[bool]) -> None:
    """Let posts be brought up to date once more, also those that somebody works on right now: what they want is more
    than their incident has reached, which their next claim puts right and takes for a word that their face is unknown.
    """
    connection.execute(update(posts).where(which).values(want_rev=posts.c.want_rev + 1))


_RAISE = (
    update(posts)
    .where(posts.c.incident_id == bindparam("incident"), posts.c.want_rev < bindparam("revision"))
    .values(
        want_rev=bindparam("revision"),
        next_at=case((posts.c.next_at < bindparam("now"), bindparam("now")), else_=posts.c.next_at),
    )
)


def raise_wanted_revision(connection: Connection, wanted: Sequence[tuple[UUID, int]], now: datetime) -> None:
    """Let every post of these incidents show this revision; at once, unless its vendor asked us to wait."""
    if wanted:
        connection.execute(_RAISE, [{"incident": one, "revision": rev, "now": now} for one, rev in wanted])


def lower_wanted_revision(connection: Connection, one: PostedMessage, revision: int) -> None:
    """Let a locked post want what its incident has reached: one that wants more would be updated for ever."""
    connection.execute(update(posts).where(posts.c.id == one.id).values(want_rev=revision))


def request_update(connection: Connection, one: PostedMessage) -> None:
    """Let a post be brought up to date once more, whatever it shows."""
    _look_again(connection, posts.c.id == one.id)
