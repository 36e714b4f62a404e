"""Sends a marked test to one destination or person, exactly as a page is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine.roster import Roster
from escalator.engine.targets import Recipient, resolve_targets
from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.levels import Mode
from escalator.model.message import Delivered, Failed, Occasion
from escalator.model.policy import Policy
from escalator.rendering.card import alarm
from escalator.services.core.contacts import delivery_address
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.delivery.destination_health import end_alerts_of_reached
from escalator.services.delivery.sender import send_call
from escalator.services.notifications import compose
from escalator.services.outbound.call import OutboundCall
from escalator.store import audit_log, calendars
from escalator.store.deliveries import Delivery, DeliveryKind
from escalator.store.endpoint_health import HealthUpdates

_WORDS = "Test message to {name}: nothing has happened, no action is needed"
_BY = Actor("system", "cli")


@dataclass(frozen=True, slots=True)
class DestinationTestResult:
    """The result of the test of one recipient."""

    recipient: Recipient
    mode: Mode
    result: Delivered | Failed

    @property
    def is_reached(self) -> bool:
        """Whether it really arrived; never in the sandbox."""
        return isinstance(self.result, Delivered) and self.mode is not Mode.SANDBOX


def send_test_message(core: Core, name: str, policy: Policy) -> list[DestinationTestResult]:
    """Send a test to every recipient of a target; an empty list when it has none. Raises Unavailable."""
    mode, now = _mode(core, name, policy), core.clock.now()
    with core.database.reading() as connection:
        roster = Roster(policy, now, calendars.bookings_of(connection, policy))
    tried = [
        _test(core, recipient, policy, mode, now) for recipient in resolve_targets((name,), None, roster).recipients
    ]
    with core.database.writing() as connection:
        _note(connection, tried, now)
    return tried


def _mode(core: Core, name: str, policy: Policy) -> Mode:
    """Return the mode to send in: to the inbox unless pages are really sent there now."""
    diverted_to = {source.divert_to for source in policy.sources.values()}
    if core.settings.mode is Mode.DIVERT and name in diverted_to:
        return Mode.DIVERT
    return Mode.PRODUCTION if core.settings.mode is Mode.PRODUCTION else Mode.SANDBOX


def _test(core: Core, recipient: Recipient, policy: Policy, mode: Mode, now: datetime) -> DestinationTestResult:
    delivery = Delivery(
        id=uuid7(),
        kind=DeliveryKind.ALARM,
        occasion=Occasion.TEST,
        target=recipient.target,
        destination=recipient.destination,
        address=delivery_address(recipient, core.settings.environment),
        channel=recipient.kind,
        endpoint=recipient.endpoint,
        mode=mode,
        urgency=0,
        created_at=now,
        next_attempt_at=now,
        expires_at=now,
    )
    card = alarm(_WORDS.format(name=recipient.target), is_test=True)
    note = compose.build_notice(core, policy, delivery, card, now)
    return DestinationTestResult(
        recipient, mode, send_call(core, OutboundCall(note, mode, recipient.kind, 0, delivery=delivery))
    )


def _note(connection: Connection, tried: Sequence[DestinationTestResult], now: datetime) -> None:
    """Record the tests; a reached endpoint is neither broken nor gone."""
    reached = [result.recipient.endpoint for result in tried if result.is_reached]
    notes = HealthUpdates()
    for endpoint in reached:
        notes.of(endpoint).is_reached = notes.of(endpoint).is_there = True
    notes.write(connection, now)
    end_alerts_of_reached(OperatorAlerts(connection, now), reached)
    audit_log.insert(connection, [(_entry(result), None) for result in tried], now)


def _entry(tried: DestinationTestResult) -> AuditEntry:
    reason = "" if isinstance(tried.result, Delivered) else tried.result.reason.value
    recipient = tried.recipient
    after = {"destination": recipient.destination, "channel": recipient.kind.value, "mode": tried.mode.value}
    return AuditEntry(AuditAction.DESTINATION_TESTED, _BY, "cli", reason, after=after)
