"""Operator alerts: problems of the product itself, each sent once to those the policy names, until it is resolved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection, select, update
from uuid6 import uuid7

from escalator.engine.operator_alerts import NOT_SUSPECTED, SuspectedChannels, operator_alert_recipients
from escalator.engine.roster import Roster
from escalator.engine.targets import Recipient, last_resort_targets
from escalator.model.audit import AuditAction, AuditEntry
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.model.message import Occasion
from escalator.model.policy import Policy
from escalator.services.core.contacts import delivery_address
from escalator.settings import Settings
from escalator.store import audit_log, calendars, deliveries, endpoint_health
from escalator.store.deliveries import Delivery, DeliveryKind
from escalator.store.tables import operator_alerts
from escalator.store.upserts import upsert

log = structlog.get_logger(__name__)

POLICY_FILE = "policy_file"
DEADLINE = "deadline:"
DESTINATION = "destination:"
"""Prefix of the key of an operator alert about an endpoint."""

ALARM_EXPIRES = timedelta(hours=2)
_ALARM_URGENCY = 5


@dataclass(frozen=True, slots=True)
class OperatorAlerts:
    """Raises, lists and resolves operator alerts within one transaction."""

    connection: Connection
    now: datetime

    def raise_alert(  # noqa: PLR0913  # the problem, its recipients, and what it must not be sent through
        self,
        key: str,
        detail: str,
        policy: Policy,
        settings: Settings,
        also: Sequence[str] = (),
        suspects: SuspectedChannels = NOT_SUSPECTED,
    ) -> bool:
        """Record an operator alert and send it to those the policy names; False when it is open already.

        `detail` holds keys, ids and counts, never content. `also` are further targets to notify. `suspects` are what
        the message must not depend on, besides what is known to fail: then others are notified too.
        """
        trouble_id = self.record_silently(key, detail)
        if trouble_id is None:
            return False
        suspects |= SuspectedChannels(kinds=frozenset(self.failing_endpoints().values()))
        roster = Roster(policy, self.now, calendars.bookings_of(self.connection, policy))
        recipients = operator_alert_recipients((*last_resort_targets(policy), *also), roster, suspects)
        if not recipients.has_safe_way:
            log.warning("alarm_has_no_other_way", trouble=key)
        deliveries.insert(
            self.connection,
            [alert_delivery(one_recipient, settings, self.now, trouble_id) for one_recipient in recipients.recipients],
        )
        entry = AuditEntry(AuditAction.TROUBLE_FOUND, reason=key, after={"told": str(len(recipients.recipients))})
        audit_log.insert(self.connection, [(entry, None)], self.now)
        return True

    def record_silently(self, key: str, detail: str) -> UUID | None:
        """Record an operator alert and send nothing; return its id, or None when it is open already."""
        result = self.connection.execute(
            upsert(self.connection, operator_alerts)
            .values(id=uuid7(), key=key[:256], detail=detail, raised_at=self.now)
            .on_conflict_do_nothing()
            .returning(operator_alerts.c.id)
        )
        alert_id: UUID | None = result.scalar_one_or_none()
        return alert_id

    def failing_endpoints(self) -> dict[str, DestinationKind]:
        """Return the endpoints that have failed for minutes and have an open alert, with channels."""
        failing = {
            endpoint.endpoint: endpoint.channel for endpoint in endpoint_health.failing(self.connection, self.now)
        }
        if not failing:
            return {}
        keys = {key for key, _detail in self.list_open()}
        return {name: channel for name, channel in failing.items() if f"{DESTINATION}{name}" in keys}

    def resolve(self, *keys: str) -> None:
        """Resolve these operator alerts."""
        if not keys:
            return
        ended = self.connection.execute(
            update(operator_alerts)
            .where(operator_alerts.c.key.in_(keys), operator_alerts.c.resolved_at.is_(None))
            .values(resolved_at=self.now)
            .returning(operator_alerts.c.key)
        )
        entries = [(AuditEntry(AuditAction.TROUBLE_ENDED, reason=row.key), None) for row in ended]
        audit_log.insert(self.connection, entries, self.now)

    def is_open(self, key: str) -> bool:
        """Whether this operator alert is open."""
        statement = select(operator_alerts.c.id).where(
            operator_alerts.c.key == key, operator_alerts.c.resolved_at.is_(None)
        )
        return self.connection.scalar(statement) is not None

    def list_open(self) -> list[tuple[str, str]]:
        """Return (key, detail) of the open operator alerts."""
        rows = self.connection.execute(select(operator_alerts).where(operator_alerts.c.resolved_at.is_(None)))
        return [(row.key, row.detail) for row in rows]


def alert_delivery(recipient: Recipient, settings: Settings, now: datetime, trouble_id: UUID | None = None) -> Delivery:
    """Return the delivery that sends an operator alert to one recipient."""
    return Delivery(
        id=uuid7(),
        kind=DeliveryKind.ALARM,
        occasion=Occasion.ALARM,
        target=recipient.target,
        destination=recipient.destination,
        address=delivery_address(recipient, settings.environment),
        channel=recipient.kind,
        endpoint=recipient.endpoint,
        mode=operator_alert_mode(settings),
        urgency=_ALARM_URGENCY,
        created_at=now,
        next_attempt_at=now,
        expires_at=now + ALARM_EXPIRES,
        operator_alert_id=trouble_id,
    )


def operator_alert_mode(settings: Settings) -> Mode:
    """Return the mode of operator alerts, which have no source: so no source says where to divert them."""
    return Mode.PRODUCTION if settings.mode is Mode.PRODUCTION else Mode.SANDBOX


def alert_details(connection: Connection, trouble_ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return (key, detail) of these operator alerts."""
    rows = connection.execute(select(operator_alerts).where(operator_alerts.c.id.in_(list(trouble_ids))))
    return {row.id: (row.key, row.detail) for row in rows}
