"""Who was notified of incidents in their present round, how, and whether it arrived: for lists."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, case, func, select

from escalator.model.destination_kind import DestinationKind
from escalator.store.deliveries import DeliveryKind, DeliveryState
from escalator.store.tables import deliveries, incident_keys, incidents


class NotificationStatus(StrEnum):
    """The result of notifying somebody, over all attempts: delivered, under way, or never delivered."""

    ARRIVED = "arrived"
    COMING = "coming"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NotifiedDestination:
    """One destination (`person:ana` is a person) notified through one channel, and the result."""

    destination: str
    channel: DestinationKind
    fate: NotificationStatus


def _times(*states: DeliveryState) -> ColumnElement[int]:
    return func.sum(case((deliveries.c.state.in_([state.value for state in states]), 1), else_=0))


_ARRIVED = _times(DeliveryState.DELIVERED).label("arrived")
_COMING = _times(DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.LISTED).label("coming")
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_TOLD = (
    select(deliveries.c.incident_id, deliveries.c.destination, deliveries.c.channel, _ARRIVED, _COMING)
    .join(incidents, and_(incidents.c.id == deliveries.c.incident_id, incidents.c.round == deliveries.c.round))
    .where(
        deliveries.c.incident_id.in_(_IDS),
        deliveries.c.kind == DeliveryKind.PAGE,
        deliveries.c.state != DeliveryState.SUPPRESSED,
    )
    .group_by(deliveries.c.incident_id, deliveries.c.destination, deliveries.c.channel)
    .order_by(func.min(deliveries.c.created_at), deliveries.c.destination)
)
_THINGS = select(incident_keys.c.incident_id, incident_keys.c.value).where(
    incident_keys.c.incident_id.in_(_IDS), incident_keys.c.kind == "entity"
)


def notified_of(connection: Connection, ids: Iterable[UUID]) -> Mapping[UUID, Sequence[NotifiedDestination]]:
    """Return who was notified of each of these incidents in its present round, in the order of the first send."""
    by_incident: dict[UUID, list[NotifiedDestination]] = defaultdict(list)
    for row in connection.execute(_TOLD, {"ids": list(ids)}):
        fate = (
            NotificationStatus.ARRIVED
            if row.arrived
            else NotificationStatus.COMING
            if row.coming
            else NotificationStatus.FAILED
        )
        by_incident[row.incident_id].append(NotifiedDestination(row.destination, DestinationKind(row.channel), fate))
    return by_incident


def entity_types_of(connection: Connection, ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Return the kind of Stream entity each of these incidents is about: the last part of its entity's type.

    `stream:chat:v1:message` is a `message`. An incident known only by its review queue item has none.
    """
    rows = connection.execute(_THINGS, {"ids": list(ids)})
    return {row.incident_id: row.value.partition("/")[0].rpartition(":")[2] for row in rows}
