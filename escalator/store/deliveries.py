"""The outbox: deliveries, and the posts that stand at the vendors."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.model.message import Occasion
from escalator.store.tables import Instant, deliveries, destinations, workers
from escalator.store.upserts import insert_or_leave

BEAT_LOST = timedelta(seconds=6)
LEASE = timedelta(seconds=60)
PATIENCE = timedelta(minutes=5)
"""How long a page waits for its destination to be open again; beyond that, another way is looked for."""


FIRST_OF_ITS_KIND = 10
"""The least urgency of what tells of the first alert of a category: it goes before all that tells of others."""


class DeliveryState(StrEnum):
    """The fate of a delivery. What is listed is told by a list, and shares the fate of that."""

    PENDING = "pending"
    SENDING = "sending"
    LISTED = "listed"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class DeliveryKind(StrEnum):
    """A page waits for an answer and is dropped once there is one; an alarm is the product's own trouble.

    A copy is for a machine (a feed): it is always wanted. A bulletin is about no single incident: a list of many, the
    work of a shift, a silence.
    """

    PAGE = "page"
    COPY = "copy"
    ALARM = "alarm"
    BULLETIN = "bulletin"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification to one destination or person. `channel` is the vendor; `address` is unexpanded;
    `endpoint` is the name of what is told there (engine/endpoints).

    `actor` is the key of whoever did what a copy tells of. `bulletin_id` is what a bulletin tells.
    """

    id: UUID
    kind: DeliveryKind
    occasion: Occasion
    target: str
    destination: str
    address: str
    channel: DestinationKind
    endpoint: str
    mode: Mode
    urgency: int
    created_at: datetime
    next_at: datetime
    expires_at: datetime
    incident_id: UUID | None = None
    trouble_id: UUID | None = None
    round: int = 0
    step: int = -1
    sending: int = 0
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    claim: int = 0
    owner: UUID | None = None
    claimed_at: datetime | None = None
    fallback_of: UUID | None = None
    actor: str | None = None
    bulletin_id: UUID | None = None

    @property
    def person(self) -> str | None:
        """Return the person's key, when it is to a person."""
        return _person(self.destination)


def _person(destination: str) -> str | None:
    return destination.removeprefix("person:") if destination.startswith("person:") else None


class Without(NamedTuple):
    """What is not asked for: all at these endpoints, all of these kinds, and what is `ENDPOINT KIND`."""

    endpoints: Collection[str] = ()
    kinds: Collection[str] = ()
    pairs: Collection[str] = ()


NOTHING = Without()


def insert(connection: Connection, new: Sequence[Delivery]) -> None:
    """Write deliveries; one that is there already (a second firing of a step) is left as it is."""
    if not new:
        return
    connection.execute(insert_or_leave(connection.dialect.name, deliveries), [_values(one) for one in new])


def _values(one: Delivery) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Delivery.__dataclass_fields__}


def is_any(connection: Connection, due_before: datetime) -> bool:
    """Whether some delivery has been claimable since then."""
    return connection.execute(_ANY, _claimable_at(due_before, BEAT_LOST)).first() is not None


def candidates(
    connection: Connection, now: datetime, limit: int, silence: timedelta = BEAT_LOST, without: Without = NOTHING
) -> list[Delivery]:
    """Return deliveries that may be claimed, but for what is not asked for.

    The gravest come first, among them what has not been tried yet, and of these the oldest; copies are the last of all.
    """
    left_out = {name: list(values) for name, values in without._asdict().items()}
    rows = connection.execute(_CANDIDATES, _claimable_at(now, silence) | {"most": limit} | left_out)
    return [delivery_of(row) for row in rows]


def lock_claimable(
    connection: Connection, ids: Iterable[UUID], now: datetime, silence: timedelta = BEAT_LOST
) -> list[Delivery]:
    """Return those of the deliveries that may still be claimed, locked; what others hold is left to them."""
    rows = connection.execute(_LOCK, _claimable_at(now, silence) | {"ids": list(ids)})
    return [delivery_of(row) for row in rows]


def is_lost(table: Table) -> ColumnElement[bool]:
    """Whether a claim is nobody's any more: its process has not renewed its row, or it has lasted too long.

    The condition takes the values of `lost_since`, so that statements with it are made once and used all the time.
    """
    heard = bindparam("heard_since", type_=Instant)
    alive = exists().where(workers.c.id == table.c.owner, workers.c.beat_at > heard)
    return or_(
        table.c.claimed_at < bindparam("leased_since", type_=Instant), and_(not_(alive), table.c.claimed_at < heard)
    )


def lost_since(now: datetime, silence: timedelta = BEAT_LOST) -> dict[str, Any]:
    """Return the values of a statement with `is_lost`, and the present instant as `now`."""
    return {"now": now, "heard_since": now - silence, "leased_since": now - LEASE}


def _claimable() -> ColumnElement[bool]:
    """A page does not wait where it would wait too long, or in vain: it is claimed to be sent another way.

    Nor does the first of its kind wait behind a flood: what its channel keeps for it, the channel knows.
    """
    now = bindparam("now", type_=Instant)
    closed_until = destinations.c.not_before
    opens_soon = and_(closed_until <= bindparam("patient_until", type_=Instant), deliveries.c.expires_at > now)
    has_another_way = deliveries.c.kind.in_([DeliveryKind.PAGE, DeliveryKind.BULLETIN])
    waits = and_(deliveries.c.urgency < FIRST_OF_ITS_KIND, or_(not_(has_another_way), opens_soon))
    closed = exists().where(destinations.c.name == deliveries.c.endpoint, closed_until > now, waits)
    pending = and_(deliveries.c.state == DeliveryState.PENDING, deliveries.c.next_at <= now, not_(closed))
    return or_(pending, and_(deliveries.c.state == DeliveryState.SENDING, is_lost(deliveries)))


def _claimable_at(now: datetime, silence: timedelta) -> dict[str, Any]:
    return lost_since(now, silence) | {"patient_until": now + PATIENCE}


_IS_RETRY = and_(deliveries.c.state == DeliveryState.PENDING, deliveries.c.attempts > 0)
_FIRST = (
    deliveries.c.urgency.desc(),
    case((_IS_RETRY, 1), else_=0),
    deliveries.c.created_at,
    deliveries.c.id,
)
"""What has been tried waits for what has not: the retries of what hangs are many, and may be in vain."""

_ANY = select(deliveries.c.id).where(_claimable()).limit(1)
_CANDIDATES = (
    select(deliveries)
    .where(
        _claimable(),
        deliveries.c.endpoint.not_in(bindparam("endpoints", expanding=True)),
        deliveries.c.kind.not_in(bindparam("kinds", expanding=True)),
        deliveries.c.endpoint.concat(" ").concat(deliveries.c.kind).not_in(bindparam("pairs", expanding=True)),
    )
    .order_by(*_FIRST)
    .limit(bindparam("most"))
)
_LOCK = (
    select(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)), _claimable())
    .order_by(*_FIRST)
    .with_for_update(skip_locked=True, of=deliveries)
)


def delivery_of(row: Row[Any]) -> Delivery:
    """Return the delivery that a row of the table is."""
    kept = {name: getattr(row, name) for name in Delivery.__dataclass_fields__}
    return Delivery(
        **kept
        | {
            "kind": DeliveryKind(row.kind),
            "occasion": Occasion(row.occasion),
            "channel": DestinationKind(row.channel),
            "mode": Mode(row.mode),
            "state": DeliveryState(row.state),
        }
    )


def claim(connection: Connection, ids: Sequence[UUID], owner: UUID, now: datetime) -> None:
    """Note that this process sends these deliveries from now on."""
    if ids:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(ids))
            .values(
                state=DeliveryState.SENDING,
                owner=owner,
                claim=deliveries.c.claim + 1,
                claimed_at=now,
                attempts=deliveries.c.attempts + 1,
            )
        )


def put_off(connection: Connection, ids: Sequence[UUID], until: datetime) -> None:
    """Let pending deliveries wait."""
    if ids:
        connection.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(next_at=until))


def suppress(connection: Connection, ids: Sequence[UUID], reason: str) -> None:
    """Drop these deliveries, with a reason."""
    if ids:
        connection.execute(
            update(deliveries).where(deliveries.c.id.in_(ids)).values(state=DeliveryState.SUPPRESSED, reason=reason)
        )


def suppress_pages(connection: Connection, incident_id: UUID, below_round: int, reason: str) -> int:
    """Drop the incident's pages of rounds below that one which nobody has begun to send; return how many."""
    done = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.incident_id == incident_id,
            deliveries.c.kind == DeliveryKind.PAGE,
            deliveries.c.state == DeliveryState.PENDING,
            deliveries.c.round < below_round,
        )
        .values(state=DeliveryState.SUPPRESSED, reason=reason)
    )
    return done.rowcount


def step_states(
    connection: Connection, incident_id: UUID, round_: int, step: int, sending: int
) -> list[tuple[str | None, DeliveryState]]:
    """Return the fates of what one send of one step has told, each with the person who was told (None: a place)."""
    rows = connection.execute(
        select(deliveries.c.destination, deliveries.c.state).where(
            deliveries.c.incident_id == incident_id,
            deliveries.c.round == round_,
            deliveries.c.step == step,
            deliveries.c.sending == sending,
            deliveries.c.occasion == Occasion.STEP,
        )
    )
    return [(_person(destination), DeliveryState(state)) for destination, state in rows]


def has_later(connection: Connection, one: Delivery) -> bool:
    """Whether a later page to the same address in this round has got through already."""
    later = or_(deliveries.c.step > one.step, and_(deliveries.c.step == one.step, deliveries.c.sending > one.sending))
    found = connection.scalar(
        select(func.count())
        .select_from(deliveries)
        .where(
            deliveries.c.incident_id == one.incident_id,
            deliveries.c.round == one.round,
            deliveries.c.destination == one.destination,
            deliveries.c.kind == DeliveryKind.PAGE,
            deliveries.c.state == DeliveryState.DELIVERED,
            later,
        )
    )
    return bool(found)


def stood_in_for(connection: Connection, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Return those of the deliveries in whose place another has been told."""
    if not ids:
        return frozenset()
    found = select(deliveries.c.fallback_of).where(deliveries.c.fallback_of.in_(ids))
    return frozenset(one for one in connection.scalars(found) if one is not None)


def alarms_of(connection: Connection, trouble_id: UUID) -> list[Delivery]:
    """Return all that was told of a trouble."""
    rows = connection.execute(select(deliveries).where(deliveries.c.trouble_id == trouble_id))
    return [delivery_of(row) for row in rows]


def waiting_at(connection: Connection, endpoints: Sequence[str]) -> list[Delivery]:
    """Return what waits, outside the sandbox, to be told at these endpoints, the most urgent first."""
    if not endpoints:
        return []
    rows = connection.execute(
        select(deliveries)
        .where(
            _WAITS,
            deliveries.c.mode != Mode.SANDBOX,
            deliveries.c.endpoint.in_(endpoints),
        )
        .order_by(deliveries.c.urgency.desc(), deliveries.c.created_at)
        .limit(_MOST_WAITING)
    )
    return [delivery_of(row) for row in rows]


def lock_waiting(connection: Connection, ids: Iterable[UUID]) -> list[Delivery]:
    """Return those of the deliveries that still wait, locked; what others hold is left to them."""
    asked = select(deliveries).where(deliveries.c.id.in_(list(ids)), _WAITS)
    rows = connection.execute(asked.with_for_update(skip_locked=True, of=deliveries))
    return [delivery_of(row) for row in rows]


_MOST_WAITING = 1_000
_WAITS = deliveries.c.state.in_([DeliveryState.PENDING, DeliveryState.SENDING])
