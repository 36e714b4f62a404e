"""The data for reports: the alerts of a period as plain columns, and the result of each message."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, func, not_, select

from escalator.model.alert_stats import AlertStats
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import State
from escalator.model.levels import Mode
from escalator.store.deliveries import DeliveryState
from escalator.store.tables import acknowledgements, deliveries, incidents
from escalator.store.uuid7 import first_id
from escalator.store.visibility import Audience

_CLOCKS_DIFFER = timedelta(hours=1)
"""By how much the clock of a process that generates ids may be behind the database's."""

_NO_ALERTS = (State.LOGGED, State.MERGED)


@dataclass(frozen=True, slots=True)
class DestinationTotals:
    """How many messages of one destination ended in which state, and how many needed a retry."""

    destination: str
    channel: DestinationKind
    delivered: int
    failed: int
    suppressed: int
    under_way: int
    retried: int


_COLUMNS = tuple(incidents.c[name] for name in AlertStats.__dataclass_fields__)


def alerts(
    connection: Connection, audience: Audience, since: datetime, until: datetime, modes: Collection[Mode]
) -> list[AlertStats]:
    """Return the alerts opened in [since, until) that this audience may see, without drills."""
    statement = select(*_COLUMNS).where(
        incidents.c.opened_at >= since,
        incidents.c.opened_at < until,
        incidents.c.state.not_in(_NO_ALERTS),
        incidents.c.drill.is_(None),
        incidents.c.mode.in_(modes),
        audience.may_see(),
    )
    return [AlertStats(*row) for row in connection.execute(statement).all()]


def was_reviewed_when_opened() -> ColumnElement[bool]:
    """Return the SQL condition for `Alert.was_reviewed_when_opened`."""
    return and_(
        incidents.c.first_acknowledged_at.is_not(None),
        incidents.c.waiting_since.is_not(None),
        incidents.c.first_acknowledged_at == incidents.c.waiting_since,
    )


def acknowledgement_times(
    connection: Connection, audience: Audience, person: str, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Return when each incident that somebody has acknowledged was opened and when they first did so.

    Those that Stream had already reviewed when they were opened are left out: nobody was asked to acknowledge.
    """
    first = func.min(acknowledgements.c.acknowledged_at).label("at")
    statement = (
        select(incidents.c.opened_at, first)
        .join(incidents, incidents.c.id == acknowledgements.c.incident_id)
        .where(
            acknowledgements.c.person == person,
            incidents.c.opened_at >= since,
            incidents.c.opened_at < until,
            incidents.c.drill.is_(None),
            not_(was_reviewed_when_opened()),
            audience.may_see(),
        )
        .group_by(incidents.c.id, incidents.c.opened_at)
    )
    return [(row.opened_at, row.at) for row in connection.execute(statement)]


def destination_totals(
    connection: Connection, audience: Audience, since: datetime, until: datetime, modes: Collection[Mode]
) -> list[DestinationTotals]:
    """Return the totals of each destination's messages, for the alerts opened in [since, until)."""

    def count(*states: DeliveryState) -> ColumnElement[int]:
        return func.sum(case((deliveries.c.state.in_(states), 1), else_=0))

    statement = (
        select(
            deliveries.c.destination,
            deliveries.c.channel,
            count(DeliveryState.DELIVERED),
            count(DeliveryState.FAILED),
            count(DeliveryState.SUPPRESSED),
            count(DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.LISTED),
            func.sum(case((deliveries.c.attempts > 1, 1), else_=0)),
        )
        .join(incidents, incidents.c.id == deliveries.c.incident_id)
        .where(
            incidents.c.opened_at >= since,
            incidents.c.opened_at < until,
            deliveries.c.id >= first_id(since - _CLOCKS_DIFFER),
            deliveries.c.mode.in_(modes),
            audience.may_see(),
        )
        .group_by(deliveries.c.destination, deliveries.c.channel)
        .order_by(deliveries.c.destination)
    )
    rows = connection.execute(statement)
    return [DestinationTotals(name, DestinationKind(channel), *counts) for name, channel, *counts in rows]
