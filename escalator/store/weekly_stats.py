"""The data for a weekly review: plain columns of one period, limited to what the viewer may see."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, not_, or_, select, tuple_

from escalator.model.audit import AuditAction
from escalator.model.incident import State
from escalator.model.levels import Mode, Severity
from escalator.model.silence import SilenceScope
from escalator.store.deliveries import DeliveryKind, DeliveryState
from escalator.store.drills import DrillState
from escalator.store.report_stats import was_reviewed_when_opened
from escalator.store.tables import audit_records, deliveries, drills, incidents, operator_alerts, silences
from escalator.store.visibility import Audience

_NO_ALERTS = (State.LOGGED, State.MERGED)
_LATE_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Period:
    """The instants in [since, until)."""

    since: datetime
    until: datetime

    def holds(self, column: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Return the condition that an instant is within."""
        return and_(column >= self.since, column < self.until)


class OpenedAlert(NamedTuple):
    """One alert: when it was opened, first acknowledged, and escalated beyond its first send.

    `answered_at` is None if Stream had already reviewed it when it was opened: nobody was asked.
    """

    id: UUID
    number: int
    severity: Severity
    category: str | None
    opened_at: datetime
    answered_at: datetime | None
    escalated_at: datetime | None


class SentPage(NamedTuple):
    """One page of an alert that was not cancelled, and when it was delivered."""

    incident_id: UUID
    destination: str
    created_at: datetime
    delivered_at: datetime | None


class LateStep(NamedTuple):
    """One step that fired late, in milliseconds."""

    number: int
    at: datetime
    step: str
    late_ms: int


class FailedPages(NamedTuple):
    """How many pages to a destination failed for one reason."""

    destination: str
    reason: str
    times: int


class DrillResult(NamedTuple):
    """One drill and its result."""

    name: str
    scheduled_at: datetime
    state: DrillState
    by: str | None
    acknowledged_at: datetime | None


def opened_alerts(
    connection: Connection, audience: Audience, span: Period, modes: Collection[Mode]
) -> list[OpenedAlert]:
    """Return the alerts opened in the period, oldest first, without drills."""
    columns = ("id", "number", "severity", "category", "opened_at")
    answered_at = case((was_reviewed_when_opened(), None), else_=incidents.c.first_acknowledged_at)
    statement: Select[Any] = (
        select(*(incidents.c[name] for name in columns), answered_at, incidents.c.escalated_at)
        .where(*_alerts(audience, span, modes))
        .order_by(incidents.c.opened_at, incidents.c.id)
    )
    alerts = (OpenedAlert(*row) for row in connection.execute(statement))
    return [alert._replace(severity=Severity(alert.severity)) for alert in alerts]


def sent_pages(connection: Connection, audience: Audience, span: Period, modes: Collection[Mode]) -> list[SentPage]:
    """Return the pages of the alerts opened in the period, except cancelled ones."""
    columns = ("incident_id", "destination", "created_at", "delivered_at")
    statement = (
        select(*(deliveries.c[name] for name in columns))
        .join(incidents, incidents.c.id == deliveries.c.incident_id)
        .where(
            deliveries.c.kind == DeliveryKind.PAGE,
            deliveries.c.state != DeliveryState.SUPPRESSED,
            *_alerts(audience, span, modes),
        )
        .order_by(deliveries.c.created_at)
    )
    return [SentPage(*row) for row in connection.execute(statement)]


def late_steps(connection: Connection, audience: Audience, span: Period) -> list[LateStep]:
    """Return the steps that fired ten seconds late or later, by the number in their records."""
    sooner = [audit_records.c.after.like(f'%"late_ms": "{"_" * digits}"%') for digits in range(1, _LATE_DIGITS)]
    statement = (
        select(incidents.c.number, audit_records.c.recorded_at, audit_records.c.after)
        .join(incidents, incidents.c.id == audit_records.c.incident_id)
        .where(
            audit_records.c.action == AuditAction.STEP_FIRED,
            span.holds(audit_records.c.recorded_at),
            audit_records.c.after.contains('"late_ms"'),
            not_(or_(*sooner)),
            audience.may_see_records(),
        )
        .order_by(audit_records.c.recorded_at, audit_records.c.id)
    )
    steps = ((row, json.loads(row.after)) for row in connection.execute(statement))
    return [LateStep(row.number, row.recorded_at, after.get("step", ""), int(after["late_ms"])) for row, after in steps]


def failed_pages(connection: Connection, audience: Audience, span: Period) -> Iterator[FailedPages]:
    """Yield failure counts: a destination may come several times, once for each send."""
    statement = (
        select(audit_records.c.after, audit_records.c.reason, func.count().label("times"))
        .where(
            audit_records.c.action == AuditAction.DELIVERY_FAILED,
            span.holds(audit_records.c.recorded_at),
            audience.may_see_records(),
        )
        .group_by(audit_records.c.after, audit_records.c.reason)
    )
    for row in connection.execute(statement):
        yield FailedPages(json.loads(row.after).get("destination", ""), row.reason, row.times)


def action_counts(
    connection: Connection, audience: Audience, span: Period, actions: Collection[AuditAction]
) -> dict[AuditAction, int]:
    """Return how many records of each of these actions there are; actions without records are left out."""
    statement = (
        select(audit_records.c.action, func.count())
        .where(audit_records.c.action.in_(actions), span.holds(audit_records.c.recorded_at), audience.may_see_records())
        .group_by(audit_records.c.action)
    )
    return {AuditAction(action): count for action, count in connection.execute(statement)}


def drill_results(connection: Connection, audience: Audience, span: Period) -> list[DrillResult]:
    """Return the drills of the period, without those of routes that this audience may not know of."""
    columns = ("name", "scheduled_at", "state", "acknowledged_by", "acknowledged_at")
    statement = select(*(drills.c[name] for name in columns)).where(
        span.holds(drills.c.scheduled_at),
        drills.c.route.not_in(sorted(name for of, name in audience.unknown if of == SilenceScope.ROUTE)),
    )
    results = (
        DrillResult(*row) for row in connection.execute(statement.order_by(drills.c.scheduled_at, drills.c.name))
    )
    return [result._replace(state=DrillState(result.state)) for result in results]


def silences_in(connection: Connection, audience: Audience, span: Period) -> list[Row[Any]]:
    """Return the silences in force in the period, without their reasons, earliest first."""
    statement = select(*(silences.c[name] for name in ("of", "name", "starts_at", "ends_at", "author"))).where(
        silences.c.starts_at < span.until, silences.c.ends_at > span.since
    )
    if audience.unknown:
        statement = statement.where(tuple_(silences.c.of, silences.c.name).not_in(sorted(audience.unknown)))
    return list(connection.execute(statement.order_by(silences.c.starts_at)))


def operator_alerts_in(connection: Connection, span: Period) -> list[Row[Any]]:
    """Return the operator alerts open in the period: key, raised_at, resolved_at; earliest first."""
    statement = select(operator_alerts.c.key, operator_alerts.c.raised_at, operator_alerts.c.resolved_at).where(
        operator_alerts.c.raised_at < span.until,
        or_(operator_alerts.c.resolved_at.is_(None), operator_alerts.c.resolved_at > span.since),
    )
    return list(connection.execute(statement.order_by(operator_alerts.c.raised_at)))


def policy_changes(connection: Connection, span: Period) -> list[Row[Any]]:
    """Return the records of policies activated or refused in the period, earliest first."""
    statement = select(audit_records).where(
        audit_records.c.action.in_((AuditAction.POLICY_ACTIVATED, AuditAction.POLICY_REFUSED)),
        span.holds(audit_records.c.recorded_at),
    )
    return list(connection.execute(statement.order_by(audit_records.c.recorded_at, audit_records.c.id)))


def _alerts(audience: Audience, span: Period, modes: Collection[Mode]) -> tuple[ColumnElement[bool], ...]:
    return (
        span.holds(incidents.c.opened_at),
        incidents.c.state.not_in(_NO_ALERTS),
        incidents.c.drill.is_(None),
        incidents.c.mode.in_(modes),
        audience.may_see(),
    )
