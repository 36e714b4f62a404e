"""Incidents that wait for an answer and reached nobody: no page of their present round was delivered."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, exists, func, or_, select, true

from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import State
from escalator.model.levels import Mode
from escalator.store.deliveries import DeliveryKind, DeliveryState
from escalator.store.tables import deliveries, incidents

_PAGE = and_(
    deliveries.c.incident_id == incidents.c.id,
    deliveries.c.round == incidents.c.round,
    deliveries.c.kind == DeliveryKind.PAGE,
    deliveries.c.mode != Mode.SANDBOX,
    deliveries.c.state != DeliveryState.SUPPRESSED,
)


def unreached(
    connection: Connection, since: datetime, known: Collection[int], nobody: Mapping[str | None, Collection[str]]
) -> dict[int, UUID]:
    """Return the triggered incidents, by number, whose first page was due by then and of which none was delivered.

    Included: one whose step fired but notified nobody. Excluded: one whose step was silenced, and the sandbox, which
    never reaches anybody. For those `known` to be unreached, a new round does not restart the wait.
    `nobody`: destinations of people who may not acknowledge any incident (None), or those of a category.
    """
    begun = exists().where(_PAGE, deliveries.c.created_at <= since)
    counts = [
        ~and_(
            deliveries.c.destination.in_(sorted(names)),
            true() if key is None else func.coalesce(incidents.c.category, "") == key,
        )
        for key, names in nobody.items()
    ]
    arrived = exists().where(_PAGE, deliveries.c.state == DeliveryState.DELIVERED, *counts)
    told_nobody = and_(
        incidents.c.mode != Mode.SANDBOX,
        incidents.c.step >= 0,
        incidents.c.silenced_step.is_(None),
        incidents.c.waiting_since <= since,
        ~exists().where(deliveries.c.incident_id == incidents.c.id, deliveries.c.round == incidents.c.round),
    )
    still = and_(incidents.c.number.in_(sorted(known)), incidents.c.silenced_step.is_(None))
    rows = connection.execute(
        select(incidents.c.number, incidents.c.id)
        .where(incidents.c.state == State.TRIGGERED, ~arrived, or_(begun, told_nobody, still))
        .order_by(incidents.c.number)
    )
    return {row.number: row.id for row in rows}


def channels_of(connection: Connection, ids: Iterable[UUID]) -> frozenset[DestinationKind]:
    """Return the kinds of destination to which pages of these incidents' present round are sent."""
    rows = connection.scalars(
        select(deliveries.c.channel).join(incidents, _PAGE).where(incidents.c.id.in_(list(ids))).distinct()
    )
    return frozenset(DestinationKind(channel) for channel in rows)
