"""What is late, broken or counted: read from the database on request."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select

from escalator.model.incident import State
from escalator.model.levels import Mode
from escalator.store import groups, vendor_callbacks
from escalator.store.deliveries import DeliveryState
from escalator.store.events import EventState, oldest_due_since
from escalator.store.leases import MAX_LEASE
from escalator.store.tables import deliveries, events, incidents, operator_alerts, posted_messages, processes

ALIVE_WITHIN = timedelta(seconds=10)
OUTDATED_AFTER = timedelta(minutes=10)
GROUP_OPEN_TOO_LONG = timedelta(minutes=5)
OVERDUE_AFTER = timedelta(seconds=10)
"""How late a deadline, an event or a delivery may be before it counts as late."""


@dataclass(frozen=True, slots=True)
class ProductHealth:
    """The product's health. Instants are of the oldest that waits; None means nothing does."""

    oldest_deadline: datetime | None
    oldest_event: datetime | None
    oldest_delivery: datetime | None
    late_deadlines: int
    stuck_deliveries: int
    parked_events: int
    parked_callbacks: int
    workers: int
    web: int
    queue_readers: int
    processes: int
    broker_failures: tuple[str, ...]
    last_event: datetime | None
    sandbox_incidents: int
    operator_alerts: tuple[tuple[str, str], ...]

    def count_of(self, kind: str) -> int:
        """Return how many operator alerts of this kind are open: those whose keys begin with it."""
        return sum(key.startswith(kind) for key, _detail in self.operator_alerts)


def read_health(connection: Connection, now: datetime) -> ProductHealth:
    """Return the product's health now."""
    overdue = select(func.min(incidents.c.due_at)).where(incidents.c.due_at <= now)
    late = select(func.count()).select_from(incidents).where(incidents.c.due_at < now - OVERDUE_AFTER)
    stuck = (
        select(func.count())
        .select_from(deliveries)
        .where(deliveries.c.state == DeliveryState.SENDING, deliveries.c.claimed_at < now - MAX_LEASE)
    )
    unsent = select(func.min(deliveries.c.next_attempt_at)).where(
        deliveries.c.state == DeliveryState.PENDING, deliveries.c.next_attempt_at <= now
    )
    parked = select(func.count()).select_from(events).where(events.c.state == EventState.PARKED)
    alive = (
        select(processes.c.kind, func.count())
        .where(processes.c.last_heartbeat_at > now - ALIVE_WITHIN)
        .group_by(processes.c.kind)
    )
    alive_by_kind = {row[0]: row[1] for row in connection.execute(alive)}
    failing = (
        select(processes.c.broker_failure)
        .where(processes.c.last_heartbeat_at > now - ALIVE_WITHIN, processes.c.broker_failure.is_not(None))
        .order_by(processes.c.broker_failure)
    )
    sandbox = select(func.count()).select_from(incidents).where(incidents.c.mode == Mode.SANDBOX)
    alert_rows = connection.execute(
        select(operator_alerts.c.key, operator_alerts.c.detail).where(operator_alerts.c.resolved_at.is_(None))
    )
    return ProductHealth(
        oldest_deadline=connection.scalar(overdue),
        oldest_event=oldest_due_since(connection, now),
        oldest_delivery=connection.scalar(unsent),
        late_deadlines=connection.scalar(late) or 0,
        stuck_deliveries=connection.scalar(stuck) or 0,
        parked_events=connection.scalar(parked) or 0,
        parked_callbacks=vendor_callbacks.count_parked(connection),
        workers=alive_by_kind.get("sweeper", 0),
        web=alive_by_kind.get("web", 0),
        queue_readers=alive_by_kind.get("sqs", 0),
        processes=sum(alive_by_kind.values()),
        broker_failures=tuple(row.broker_failure for row in connection.execute(failing)),
        last_event=connection.scalar(select(func.max(events.c.received_at))),
        sandbox_incidents=connection.scalar(sandbox) or 0,
        operator_alerts=tuple((row.key, row.detail) for row in alert_rows),
    )


def count_inconsistencies(connection: Connection, now: datetime) -> dict[str, int]:
    """Count inconsistencies by name."""
    waiting = incidents.c.state.in_([State.TRIGGERED, State.SNOOZED])
    closed = incidents.c.state.in_([State.RESOLVED, State.LOGGED, State.MERGED])
    questions = {
        "triggered_without_deadline": select(func.count())
        .select_from(incidents)
        .where(or_(and_(waiting, incidents.c.due_at.is_(None)), and_(closed, incidents.c.due_at.is_not(None)))),
        "message_out_of_date": select(func.count())
        .select_from(posted_messages)
        .where(
            posted_messages.c.shown_revision < posted_messages.c.wanted_revision,
            posted_messages.c.vendor_ref.is_not(None),
            posted_messages.c.next_attempt_at < now - OUTDATED_AFTER,
            posted_messages.c.reason.is_distinct_from("mode"),
        ),
    }
    counted = {name: connection.scalar(question) or 0 for name, question in questions.items()}
    return counted | dict(groups.count_inconsistent(connection, now, GROUP_OPEN_TOO_LONG))


def counts_by_state(connection: Connection) -> list[tuple[str, str, int]]:
    """Return (state, severity, count) of all incidents."""
    rows = connection.execute(
        select(incidents.c.state, incidents.c.severity, func.count()).group_by(incidents.c.state, incidents.c.severity)
    )
    return [(row[0], row[1], row[2]) for row in rows]
