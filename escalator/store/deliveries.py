"""The outbox: deliveries and their states."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Row,
    and_,
    func,
    or_,
    select,
    update,
)

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.model.message import Occasion
from escalator.store.tables import deliveries
from escalator.store.upserts import insert_or_leave


class DeliveryState(StrEnum):
    """The state of a delivery. A listed one is sent by a bundle, and gets the state of that."""

    PENDING = "pending"
    SENDING = "sending"
    LISTED = "listed"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class DeliveryKind(StrEnum):
    """A page waits for an answer and is dropped once there is one; an alarm is an operator alert.

    A copy is for a machine (a feed) and is never dropped. A bulletin is about no single incident: a bundle, the work of
    a shift, a silence.
    """

    PAGE = "page"
    COPY = "copy"
    ALARM = "alarm"
    BULLETIN = "bulletin"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification to one destination or person. `channel` is the vendor; `address` is unexpanded;
    `endpoint` is the endpoint's name (engine/endpoints).

    `actor` is the key of who did what a copy reports. `bulletin_id` is the bulletin to send.
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
    next_attempt_at: datetime
    expires_at: datetime
    incident_id: UUID | None = None
    operator_alert_id: UUID | None = None
    round: int = 0
    step: int = -1
    send_number: int = 0
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    claim_number: int = 0
    claimed_by: UUID | None = None
    claimed_at: datetime | None = None
    fallback_of: UUID | None = None
    actor: str | None = None
    bulletin_id: UUID | None = None

    @property
    def person(self) -> str | None:
        """Return the person's key, if it is sent to a person."""
        return _person(self.destination)


def _person(destination: str) -> str | None:
    return destination.removeprefix("person:") if destination.startswith("person:") else None


def insert(connection: Connection, new: Sequence[Delivery]) -> None:
    """Write deliveries; an existing one (a second firing of a step) is left as it is."""
    if not new:
        return
    connection.execute(insert_or_leave(connection.dialect.name, deliveries), [_values(delivery) for delivery in new])


def _values(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in Delivery.__dataclass_fields__}


def delivery_from_row(row: Row[Any]) -> Delivery:
    """Return the delivery in a row of the table."""
    values = {name: getattr(row, name) for name in Delivery.__dataclass_fields__}
    return Delivery(
        **values
        | {
            "kind": DeliveryKind(row.kind),
            "occasion": Occasion(row.occasion),
            "channel": DestinationKind(row.channel),
            "mode": Mode(row.mode),
            "state": DeliveryState(row.state),
        }
    )


def suppress(connection: Connection, ids: Sequence[UUID], reason: str) -> None:
    """Drop these deliveries, with a reason."""
    if ids:
        connection.execute(
            update(deliveries).where(deliveries.c.id.in_(ids)).values(state=DeliveryState.SUPPRESSED, reason=reason)
        )


def suppress_pages_below_round(connection: Connection, incident_id: UUID, below_round: int, reason: str) -> None:
    """Drop the incident's unsent pages of rounds below that one."""
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.incident_id == incident_id,
            deliveries.c.kind == DeliveryKind.PAGE,
            deliveries.c.state == DeliveryState.PENDING,
            deliveries.c.round < below_round,
        )
        .values(state=DeliveryState.SUPPRESSED, reason=reason)
    )


def step_states(
    connection: Connection, incident_id: UUID, round_: int, step: int, sending: int
) -> list[tuple[str | None, DeliveryState]]:
    """Return the states of the deliveries of one send of one step, each with its person (None: a destination)."""
    rows = connection.execute(
        select(deliveries.c.destination, deliveries.c.state).where(
            deliveries.c.incident_id == incident_id,
            deliveries.c.round == round_,
            deliveries.c.step == step,
            deliveries.c.send_number == sending,
            deliveries.c.occasion == Occasion.STEP,
        )
    )
    return [(_person(destination), DeliveryState(state)) for destination, state in rows]


def has_later_delivered_page(connection: Connection, page: Delivery) -> bool:
    """Whether a later page to the same address in this round has already been delivered."""
    later = or_(
        deliveries.c.step > page.step, and_(deliveries.c.step == page.step, deliveries.c.send_number > page.send_number)
    )
    later_id = connection.scalar(
        select(func.count())
        .select_from(deliveries)
        .where(
            deliveries.c.incident_id == page.incident_id,
            deliveries.c.round == page.round,
            deliveries.c.destination == page.destination,
            deliveries.c.kind == DeliveryKind.PAGE,
            deliveries.c.state == DeliveryState.DELIVERED,
            later,
        )
    )
    return bool(later_id)


def with_fallback(connection: Connection, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Return those of the deliveries that have a fallback delivery."""
    if not ids:
        return frozenset()
    statement = select(deliveries.c.fallback_of).where(deliveries.c.fallback_of.in_(ids))
    return frozenset(delivery_id for delivery_id in connection.scalars(statement) if delivery_id is not None)


def of_operator_alert(connection: Connection, trouble_id: UUID) -> list[Delivery]:
    """Return all deliveries of an operator alert."""
    rows = connection.execute(select(deliveries).where(deliveries.c.operator_alert_id == trouble_id))
    return [delivery_from_row(row) for row in rows]


def unfinished_at(connection: Connection, endpoints: Sequence[str]) -> list[Delivery]:
    """Return the deliveries that wait, outside the sandbox, for these endpoints, most urgent first."""
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
    return [delivery_from_row(row) for row in rows]


def lock_unfinished(connection: Connection, ids: Iterable[UUID]) -> list[Delivery]:
    """Return those of the deliveries that still wait, locked; rows locked by others are skipped."""
    statement = select(deliveries).where(deliveries.c.id.in_(list(ids)), _WAITS)
    rows = connection.execute(statement.with_for_update(skip_locked=True, of=deliveries))
    return [delivery_from_row(row) for row in rows]


_MOST_WAITING = 1_000
_WAITS = deliveries.c.state.in_([DeliveryState.PENDING, DeliveryState.SENDING])
