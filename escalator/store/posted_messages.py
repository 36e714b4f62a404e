"""What stands at the vendors: one row for each message, brought to its newest state by one worker at a time."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, case, func, not_, or_, select, update

from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import State
from escalator.model.levels import Mode
from escalator.model.vendor_event import place_in
from escalator.store.deliveries import BEAT_LOST, is_lost, lost_since
from escalator.store.tables import Instant, incidents, posts
from escalator.store.upserts import insert_or_leave


@dataclass(frozen=True, slots=True)
class Post:
    """What stands, or will stand, at a vendor for an incident; `ref` is None until it has got through.

    `endpoint` is the name of what is told there (engine/endpoints).

    `face` is what of its notification it shows, as its channel says; None when that is not known. `alias` is the
    vendor's own name for what it stands in, `answered_round` the round that was last acknowledged right there.
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
    ref: str | None
    want_rev: int
    shown_rev: int
    claim: int
    attempts: int
    face: str | None = None
    alias: str | None = None
    answered_round: int | None = None
    is_held: bool = False

    @property
    def round(self) -> int:
        """Return the round that the slot stands for, where there is a message for each (PagerDuty)."""
        return self.slot if self.slot >= 0 else -1 - self.slot


_ASIDE = 1_000_000
"""Above the slots of all rounds that will ever be."""

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_NOW = bindparam("now", type_=Instant)
_IS_HELD = and_(posts.c.owner.is_not(None), not_(is_lost(posts)))
_IS_BEHIND = and_(
    posts.c.shown_rev < posts.c.want_rev, posts.c.ref.is_not(None), posts.c.next_at <= _NOW, not_(_IS_HELD)
)
_WITH_HOLDER = select(posts, _IS_HELD.label("is_held"))
_ANY_BEHIND = select(posts.c.id).where(_IS_BEHIND).limit(1)
_IS_WAITING = incidents.c.state == State.TRIGGERED
_BEHIND = (
    _WITH_HOLDER.join(incidents, incidents.c.id == posts.c.incident_id)
    .where(_IS_BEHIND, posts.c.endpoint.not_in(bindparam("endpoints", expanding=True)))
    .order_by(case((_IS_WAITING, 1), else_=0), case((posts.c.attempts > 0, 1), else_=0), posts.c.next_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=posts)
)
_OF = _WITH_HOLDER.where(posts.c.incident_id.in_(bindparam("ids", expanding=True))).order_by(posts.c.id)
_OF_LOCKED = _OF.with_for_update(of=posts)


def lock_of(
    connection: Connection, incident_ids: Iterable[UUID], now: datetime, silence: timedelta = BEAT_LOST
) -> list[Post]:
    """Return the posts of these incidents, locked; the incidents are locked already."""
    wanted = lost_since(now, silence) | {"ids": list(incident_ids)}
    return [_post(row) for row in connection.execute(_OF_LOCKED, wanted)]


def of_incident(connection: Connection, incident_id: UUID, now: datetime) -> list[Post]:
    """Return the posts of an incident as they stand, the oldest first."""
    return [_post(row) for row in connection.execute(_OF, lost_since(now) | {"ids": [incident_id]})]


def is_any(connection: Connection, due_before: datetime) -> bool:
    """Whether some message has shown less than it should since then."""
    return connection.execute(_ANY_BEHIND, lost_since(due_before)).first() is not None


def lock_behind(
    connection: Connection,
    now: datetime,
    limit: int,
    silence: timedelta = BEAT_LOST,
    without_endpoints: Collection[str] = (),
) -> list[Post]:
    """Return posts that show less than they should, locked; those that others hold are left to them.

    What somebody has done is shown before what has merely gone on, and what has failed before waits for both.
    """
    asked = {"most": limit, "endpoints": list(without_endpoints)}
    return [_post(row) for row in connection.execute(_BEHIND, lost_since(now, silence) | asked)]


def _post(row: Row[Any]) -> Post:
    kept = {name: getattr(row, name) for name in Post.__dataclass_fields__}
    return Post(
        **kept | {"mode": Mode(row.mode), "channel": DestinationKind(row.channel), "is_held": bool(row.is_held)}
    )


def insert(connection: Connection, new: Sequence[Post], owner: UUID | None, now: datetime) -> None:
    """Write posts, held by this owner while their message is on its way."""
    if not new:
        return
    rows = [
        {name: getattr(one, name) for name in Post.__dataclass_fields__ if name != "is_held"}
        | {"owner": owner, "claimed_at": now if owner else None, "next_at": now, "created_at": now}
        for one in new
    ]
    connection.execute(insert_or_leave(connection.dialect.name, posts), rows)


def hold(connection: Connection, ids: Sequence[UUID], owner: UUID, now: datetime) -> None:
    """Note that this process works on these posts."""
    if ids:
        connection.execute(
            update(posts).where(posts.c.id.in_(ids)).values(owner=owner, claim=posts.c.claim + 1, claimed_at=now)
        )


def supersede_earlier(connection: Connection, new: Iterable[Post]) -> None:
    """Let what stands at the places of these posts for earlier rounds be brought up to date."""
    for one in new:
        if one.channel.about.has_message_each_round:
            _look_again(connection, and_(_same_place(one), posts.c.id < one.id))


def _same_place(one: Post) -> ColumnElement[bool]:
    return and_(
        posts.c.incident_id == one.incident_id,
        posts.c.destination == one.destination,
        posts.c.address == one.address,
        posts.c.mode == one.mode,
        posts.c.ref.is_not(None),
    )


def superseded(connection: Connection, behind: Iterable[Post]) -> frozenset[UUID]:
    """Return those of these posts at whose place a later alert stands (their ids are in the order of their making)."""
    alerts = (one for one in behind if one.channel.about.has_message_each_round)
    later = ((one, select(posts.c.id).where(_same_place(one), posts.c.id > one.id).limit(1)) for one in alerts)
    return frozenset(one.id for one, question in later if connection.execute(question).first() is not None)


def _look_again(connection: Connection, which: ColumnElement[bool]) -> None:
    """Let posts be brought up to date once more, also those that somebody works on right now: what they want is more
    than their incident has reached, which their next claim puts right and takes for a word that their face is unknown.
    """
    connection.execute(update(posts).where(which).values(want_rev=posts.c.want_rev + 1))


def forget_ref(connection: Connection, one: Post) -> None:
    """Note that a full message is gone at its vendor: the next page makes a new one."""
    connection.execute(
        update(posts)
        .where(posts.c.id == one.id, posts.c.ref == one.ref)
        .values(ref=None, shown_rev=0, face=None, alias=None)
    )


_RAISE = (
    update(posts)
    .where(posts.c.incident_id == bindparam("incident"), posts.c.want_rev < bindparam("revision"))
    .values(
        want_rev=bindparam("revision"),
        next_at=case((posts.c.next_at < bindparam("now"), bindparam("now")), else_=posts.c.next_at),
    )
)


def raise_wanted(connection: Connection, wanted: Sequence[tuple[UUID, int]], now: datetime) -> None:
    """Let every post of these incidents show this revision; at once, unless its vendor asked us to wait."""
    if wanted:
        connection.execute(_RAISE, [{"incident": one, "revision": rev, "now": now} for one, rev in wanted])


def lower_wanted(connection: Connection, one: Post, revision: int) -> None:
    """Let a locked post want what its incident has reached: one that wants more would be updated for ever."""
    connection.execute(update(posts).where(posts.c.id == one.id).values(want_rev=revision))


def adopt(connection: Connection, new: Post, now: datetime) -> bool:
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


def find(connection: Connection, channel: DestinationKind, refs: Iterable[str], alias: str) -> list[Post]:
    """Return the posts at a vendor that one of these references means, or that stand in what it calls by that name.

    A mark of ours among the references names the post itself, also one of which nobody has written yet that it stands.
    """
    named = list(refs)
    places = [place for ref in named if (place := place_in(ref)) is not None]
    wanted = [posts.c.ref.in_(named), posts.c.id.in_(places), *([posts.c.alias == alias] if alias else [])]
    return _found(connection, _WITH_HOLDER.where(posts.c.channel == channel, or_(*wanted)).order_by(posts.c.id))


def _found(connection: Connection, question: Select[Any]) -> list[Post]:
    return [_post(row) for row in connection.execute(question, lost_since(_LONG_AGO))]


def of_number(connection: Connection, channel: DestinationKind, number: int, alias: str) -> list[Post]:
    """Return what stands at a vendor for the incident of that number, unless it has another name there."""
    mine = select(incidents.c.id).where(incidents.c.number == number).scalar_subquery()
    is_nameless = or_(posts.c.alias.is_(None), posts.c.alias == alias)
    newest = _WITH_HOLDER.where(posts.c.channel == channel, posts.c.incident_id == mine, posts.c.ref.is_not(None))
    return _found(connection, newest.where(is_nameless).order_by(posts.c.id.desc()).limit(1))


def stands_as(connection: Connection, one: Post, ref: str, alias: str) -> None:
    """Note where a post stands, if nobody has yet, and the vendor's own name for what it stands in."""
    is_new = and_(posts.c.id == one.id, posts.c.ref.is_(None))
    connection.execute(update(posts).where(is_new).values(ref=ref[:256], shown_rev=0))
    if alias:
        is_nameless = and_(posts.c.id == one.id, posts.c.alias.is_(None))
        connection.execute(update(posts).where(is_nameless).values(alias=alias[:64]))


def forget_names(connection: Connection, channel: DestinationKind, aliases: Iterable[str]) -> None:
    """Note that what stands under these names at a vendor is no longer told apart by them: it is asked for anew."""
    mine = (posts.c.channel == channel, posts.c.alias.in_([alias for alias in aliases if alias]))
    connection.execute(update(posts).where(*mine).values(alias=None))


def seen_as(connection: Connection, one: Post, face: str | None) -> None:
    """Note what a post shows at its vendor since somebody changed it there; None when that is not known."""
    connection.execute(update(posts).where(posts.c.id == one.id).values(face=face))


def answered_at(connection: Connection, one: Post, round_: int) -> None:
    """Note that the answer to a round was given right there."""
    connection.execute(update(posts).where(posts.c.id == one.id).values(answered_round=round_))


def set_aside(connection: Connection, one: Post) -> None:
    """Let the next page at the place of a post stand on its own; this one is kept, and superseded by it."""
    slot = one.slot + _ASIDE if one.slot >= 0 else one.slot - _ASIDE
    taken = select(func.count()).where(posts.c.incident_id == one.incident_id).scalar_subquery()
    apart = slot + taken if one.slot >= 0 else slot - taken
    connection.execute(update(posts).where(posts.c.id == one.id).values(slot=apart))


def look_again(connection: Connection, one: Post) -> None:
    """Let a post be brought up to date once more, whatever it shows."""
    _look_again(connection, posts.c.id == one.id)
