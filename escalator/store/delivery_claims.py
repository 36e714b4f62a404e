"""Claiming deliveries: which may be claimed now, in which order, and by which process."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    literal,
    not_,
    or_,
    select,
    update,
)

from escalator.store.deliveries import Delivery, DeliveryKind, DeliveryState, delivery_from_row
from escalator.store.leases import HEARTBEAT_TIMEOUT, is_lapsed, lapsed_since
from escalator.store.posted_message_updates import OUTDATED
from escalator.store.tables import Instant, deliveries, endpoint_health

MAX_PAUSE = timedelta(minutes=5)
"""How long a page waits for its destination to open again; after that, a fallback is used."""
FIRST_ALERT_URGENCY = 10
"""The lowest urgency of messages about the first alert of a category: they go before those about all others."""


class Exclusion(NamedTuple):
    """What is left out: all at these endpoints, all of these kinds, and pairs `ENDPOINT KIND`."""

    endpoints: Collection[str] = ()
    kinds: Collection[str] = ()
    pairs: Collection[str] = ()


NO_EXCLUSION = Exclusion()


def is_any_due(connection: Connection, due_before: datetime) -> bool:
    """Whether any delivery has been claimable since then, or any posted message outdated: one question for both."""
    return bool(connection.scalar(_ANY, _claimable_at(due_before, HEARTBEAT_TIMEOUT)))


def candidates(
    connection: Connection,
    now: datetime,
    limit: int,
    silence: timedelta = HEARTBEAT_TIMEOUT,
    without: Exclusion = NO_EXCLUSION,
) -> list[Delivery]:
    """Return deliveries that may be claimed, without what is excluded.

    Order: most urgent first, then those not tried yet, then the oldest; copies come last.
    """
    left_out = {name: list(values) for name, values in without._asdict().items()}
    rows = connection.execute(_CANDIDATES, _claimable_at(now, silence) | {"most": limit} | left_out)
    return [delivery_from_row(row) for row in rows]


def lock_claimable(
    connection: Connection, ids: Iterable[UUID], now: datetime, silence: timedelta = HEARTBEAT_TIMEOUT
) -> list[Delivery]:
    """Return those of the deliveries that may still be claimed, locked; rows locked by others are skipped."""
    rows = connection.execute(_LOCK, _claimable_at(now, silence) | {"ids": list(ids)})
    return [delivery_from_row(row) for row in rows]


def _claimable() -> ColumnElement[bool]:
    """A page is claimable at once, to be sent by a fallback, where it would wait too long or in vain.

    The first alert of a category does not wait behind a flood: its channel reserves capacity for it.
    """
    now = bindparam("now", type_=Instant)
    closed_until = endpoint_health.c.paused_until
    opens_soon = and_(closed_until <= bindparam("patient_until", type_=Instant), deliveries.c.expires_at > now)
    has_another_way = deliveries.c.kind.in_([DeliveryKind.PAGE, DeliveryKind.BULLETIN])
    waits = and_(deliveries.c.urgency < FIRST_ALERT_URGENCY, or_(not_(has_another_way), opens_soon))
    closed = exists().where(endpoint_health.c.name == deliveries.c.endpoint, closed_until > now, waits)
    pending = and_(deliveries.c.state == DeliveryState.PENDING, deliveries.c.next_attempt_at <= now, not_(closed))
    return or_(pending, and_(deliveries.c.state == DeliveryState.SENDING, is_lapsed(deliveries)))


def _claimable_at(now: datetime, silence: timedelta) -> dict[str, Any]:
    return lapsed_since(now, silence) | {"patient_until": now + MAX_PAUSE}


_IS_RETRY = and_(deliveries.c.state == DeliveryState.PENDING, deliveries.c.attempts > 0)
_FIRST = (
    deliveries.c.urgency.desc(),
    case((_IS_RETRY, 1), else_=0),
    deliveries.c.created_at,
    deliveries.c.id,
)
"""Retries come after first attempts: a hanging endpoint causes many, perhaps all in vain."""
_ANY = select(
    or_(
        *(
            # The state is written out and asked of each part: only then does SQLite use the state's partial index.
            exists(
                select(deliveries.c.id).where(deliveries.c.state == literal(state, literal_execute=True), _claimable())
            )
            for state in (DeliveryState.PENDING, DeliveryState.SENDING)
        ),
        exists(OUTDATED),
    )
)
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


def claim(connection: Connection, ids: Sequence[UUID], owner: UUID, now: datetime) -> None:
    """Record that this process now sends these deliveries."""
    if ids:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(ids))
            .values(
                state=DeliveryState.SENDING,
                claimed_by=owner,
                claim_number=deliveries.c.claim_number + 1,
                claimed_at=now,
                attempts=deliveries.c.attempts + 1,
            )
        )


def postpone(connection: Connection, ids: Sequence[UUID], until: datetime) -> None:
    """Delay pending deliveries."""
    if ids:
        connection.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(next_attempt_at=until))
