"""What stands at the vendors: one row for each message, brought to its newest state by one worker at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, func, not_, or_, select, update

from escalator.model.message import Delivered
from escalator.model.policy import DestinationKind
from escalator.model.ranks import Mode
from escalator.store.deliveries import BEAT_LOST, is_lost, lost_since
from escalator.store.tables import Instant, incidents, posts
from escalator.store.upserts import insert_or_leave


@dataclass(frozen=True, slots=True)
class Post:
    """What stands, or will stand, at a vendor for an incident; `ref` is None until it has got through.

    `face` is what of its notification it shows, as its channel says; None when that is not known.
    """

    id: UUID
    incident_id: UUID
    destination: str
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
    is_held: bool = False

    @property
    def round(self) -> int:
        """Return the round that the slot stands for, where there is a message for each (PagerDuty)."""
        return self.slot if self.slot >= 0 else -1 - self.slot


_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_NOW = bindparam("now", type_=Instant)
_IS_HELD = and_(posts.c.owner.is_not(None), not_(is_lost(posts)))
_IS_BEHIND = and_(
    posts.c.shown_rev < posts.c.want_rev, posts.c.ref.is_not(None), posts.c.next_at <= _NOW, not_(_IS_HELD)
)
_WITH_HOLDER = select(posts, _IS_HELD.label("is_held"))
_ANY_BEHIND = select(posts.c.id).where(_IS_BEHIND).limit(1)
_BEHIND = (
    _WITH_HOLDER.where(_IS_BEHIND)
    .order_by(posts.c.next_at)
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


def lock_behind(connection: Connection, now: datetime, limit: int, silence: timedelta = BEAT_LOST) -> list[Post]:
    """Return posts that show less than they should, locked; those that others hold are left to them."""
    return [_post(row) for row in connection.execute(_BEHIND, lost_since(now, silence) | {"most": limit})]


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


_SHOWN = (
    update(posts)
    .where(posts.c.id == bindparam("post"), posts.c.claim == bindparam("mine"))
    .values(
        shown_rev=bindparam("revision"), face=bindparam("seen"), owner=None, claimed_at=None, attempts=0, reason=None
    )
)
_CREATED = _SHOWN.values(ref=bindparam("place"))


def created(connection: Connection, new: Sequence[tuple[Post, int, Delivered]]) -> None:
    """Note where each message stands and what it shows; a click may have told us its place before.

    What stands at the same place for earlier rounds is behind from now on: it is superseded.
    """
    if not new:
        return
    rows = [
        {"post": one.id, "mine": one.claim, "place": said.ref, "revision": revision, "seen": said.face or None}
        for one, revision, said in new
    ]
    connection.execute(_CREATED, rows)
    for one, _revision, _said in new:
        if one.channel is DestinationKind.PAGERDUTY and one.round > 1:
            connection.execute(update(posts).where(_earlier(one)).values(shown_rev=0))


def _earlier(one: Post) -> ColumnElement[bool]:
    """What stands at the same place for earlier rounds; slots of the sandbox are counted down."""
    slots = posts.c.slot.between(1, one.slot - 1) if one.slot > 0 else posts.c.slot.between(one.slot + 1, -2)
    return and_(
        posts.c.incident_id == one.incident_id,
        posts.c.destination == one.destination,
        posts.c.address == one.address,
        posts.c.ref.is_not(None),
        slots,
    )


def superseded(connection: Connection, behind: Iterable[Post]) -> frozenset[UUID]:
    """Return those of these posts at whose place a later round's message stands."""
    found = set()
    for one in behind:
        if one.channel is DestinationKind.PAGERDUTY:
            later = posts.c.slot > one.slot if one.slot > 0 else posts.c.slot < one.slot
            same = (posts.c.destination == one.destination, posts.c.address == one.address, posts.c.ref.is_not(None))
            mine = posts.c.incident_id == one.incident_id
            if connection.execute(select(posts.c.id).where(mine, later, *same).limit(1)).first() is not None:
                found.add(one.id)
    return frozenset(found)


def shown(connection: Connection, updated: Sequence[tuple[Post, int, Delivered]]) -> None:
    """Note which revision each message shows now."""
    if updated:
        rows = [
            {"post": one.id, "mine": one.claim, "revision": revision, "seen": said.face or None}
            for one, revision, said in updated
        ]
        connection.execute(_SHOWN, rows)


def let_go(connection: Connection, one: Post, claim: int) -> None:
    """Give back a post whose message did not get through."""
    connection.execute(
        update(posts).where(posts.c.id == one.id, posts.c.claim == claim).values(owner=None, claimed_at=None)
    )


def forget_ref(connection: Connection, one: Post) -> None:
    """Note that a full message is gone at its vendor: the next page makes a new one."""
    connection.execute(
        update(posts)
        .where(posts.c.id == one.id, posts.c.ref == one.ref)
        .values(ref=None, shown_rev=0, face=None, alias=None)
    )


def not_shown(connection: Connection, one: Post, claim: int, next_at: datetime, reason: str, *, give_up: bool) -> None:
    """Note that bringing it up to date failed; given up, it counts as showing what it should."""
    values: dict[str, Any] = {"owner": None, "claimed_at": None, "attempts": posts.c.attempts + 1, "reason": reason}
    values |= {"shown_rev": posts.c.want_rev} if give_up else {"next_at": next_at}
    connection.execute(update(posts).where(posts.c.id == one.id, posts.c.claim == claim).values(values))


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
    """Return the posts at a vendor with one of these references, or known there by that name: one for each incident."""
    wanted = [posts.c.ref.in_(list(refs)), *([posts.c.alias == alias] if alias else [])]
    rows = connection.execute(
        _WITH_HOLDER.where(posts.c.channel == channel, or_(*wanted)).order_by(posts.c.created_at),
        lost_since(_LONG_AGO),
    )
    newest = {row.incident_id: row for row in rows}
    return [_post(row) for row in newest.values()]


def of_number(connection: Connection, channel: DestinationKind, number: int) -> list[Post]:
    """Return what stands at a vendor for the incident of that number; of several rounds the last."""
    named = select(incidents.c.id).where(incidents.c.number == number).scalar_subquery()
    rows = connection.execute(
        _WITH_HOLDER.where(posts.c.channel == channel, posts.c.incident_id == named, posts.c.ref.is_not(None))
        .order_by(posts.c.created_at.desc())
        .limit(1),
        lost_since(_LONG_AGO),
    )
    return [_post(row) for row in rows]


def name(connection: Connection, one: Post, alias: str) -> None:
    """Keep the vendor's own name for what a post stands in."""
    connection.execute(update(posts).where(posts.c.id == one.id).values(alias=alias[:64]))


def rename(connection: Connection, channel: DestinationKind, alias: str, now_named: str) -> None:
    """Note that what stood under one name at a vendor has become part of another."""
    mine = (posts.c.channel == channel, posts.c.alias == alias)
    connection.execute(update(posts).where(*mine).values(alias=now_named[:64]))


def seen_as(connection: Connection, one: Post, face: str | None) -> None:
    """Note what a post shows at its vendor since somebody changed it there; None when that is not known."""
    connection.execute(update(posts).where(posts.c.id == one.id).values(face=face))


def look_again(connection: Connection, one: Post) -> None:
    """Let a post be brought up to date once more, whatever it shows."""
    connection.execute(update(posts).where(posts.c.id == one.id).values(shown_rev=0, face=None))
