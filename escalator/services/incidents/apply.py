"""Writes decisions as rows in the caller's transaction: incidents, answers, deliveries, audit records, revisions."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine.feeds import FeedCopy, feed_copies
from escalator.engine.incident_change import NotificationRequest, PolicyPair
from escalator.engine.targets import Recipient, destination_recipients
from escalator.model.audit import AuditEntry
from escalator.model.incident import Incident
from escalator.model.levels import Mode
from escalator.model.message import Occasion
from escalator.model.policy import Policy
from escalator.services.core.contacts import delivery_address
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.first_of_category import first_alerts
from escalator.services.incidents.stream_calls import stream_calls_of
from escalator.services.notifications import compose
from escalator.services.notifications.claim_pages import PageClaimer
from escalator.services.outbound.bulkheads import ThreadReservation, lane_of, reserve_threads
from escalator.services.outbound.call import OutboundCall
from escalator.services.outbound.circuit_breaker import CircuitBreakers
from escalator.store import (
    audit_log,
    deliveries,
    delivery_claims,
    incidents,
    posted_message_updates,
    posted_messages,
    stream_calls,
)
from escalator.store.deliveries import Delivery, DeliveryKind, DeliveryState
from escalator.store.pipeline import in_one_trip

ARM_AHEAD = timedelta(seconds=30)
PAGE_EXPIRES = timedelta(hours=2)
COPY_EXPIRES = timedelta(hours=72)
COPIES_LAST = -1
"""The urgency of a copy: below that of every page."""

_ACTOR_CHARS = 160


@dataclass(frozen=True, slots=True)
class AfterCommit:
    """What to do after the commit: deadlines to schedule, calls to send, and whether there are calls to Stream.

    `claimed` are calls that this process sends, each with a thread taken; `has_more`: others may send more.
    """

    alarms: tuple[datetime, ...]
    has_more: bool
    claimed: tuple[OutboundCall, ...]
    has_stream_calls: bool = False


def rules_for(core: Core, connection: Connection, incident: Incident, running: RunningPolicy) -> PolicyPair:
    """Return the policies that apply to this incident."""
    frozen = core.policies.version(connection, incident.policy_version)
    return running.rules(frozen)


def apply_decisions(context: TransactionContext, decisions: Sequence[Decision]) -> AfterCommit:
    """Write decisions about incidents that this transaction has locked or will create."""
    outbox = _distinct(delivery for decision in decisions for delivery in _deliveries(context, decision))
    numbers, first, breakers = in_one_trip(
        context.connection,
        partial(incidents.take_numbers, count=sum(decision.before is None for decision in decisions)),
        partial(first_alerts, decisions=decisions, now=context.now),
        lambda connection: CircuitBreakers(connection, context.now) if outbox else None,
    )
    decisions = _numbered(decisions, numbers)
    outbox = _by_urgency(outbox, first)
    after = [decision.change.incident for decision in decisions]
    armed = {
        incident.id: incident.due_at
        for incident in after
        if incident.due_at is not None and incident.due_at <= context.now + ARM_AHEAD
    }
    incidents.insert(
        context.connection,
        [decision.change.incident for decision in decisions if decision.before is None],
        armed,
        context.core.seal,
    )
    changed = [(decision.before, decision.change.incident) for decision in decisions if decision.before is not None]
    incidents.save(context.connection, changed, armed, context.core.seal)
    _suppress(context.connection, decisions)
    raised = [(new.id, new.revision) for old, new in changed if new.revision != old.revision]
    posted_message_updates.raise_wanted_revision(context.connection, raised, context.now)
    _record(context.connection, decisions, context.now)
    _find_troubles(context, decisions)
    with reserve_threads(context.core.sender_pool) as reserved:
        claims = _claimed_at_birth(context, decisions, outbox, breakers, reserved) if breakers else []
        mine = {claim.delivery.id for claim in claims if claim.delivery is not None}
        deliveries.insert(
            context.connection,
            [_claimed(delivery, context.core, context.now) if delivery.id in mine else delivery for delivery in outbox],
        )
        reserved.used = [claim.lane for claim in claims]
    stream_parts = stream_calls_of(context, decisions)
    stream_calls.put(context.connection, stream_parts)
    has_more = bool(raised) or len(mine) < len(outbox)
    return AfterCommit(tuple(sorted(set(armed.values()))), has_more, tuple(claims), bool(stream_parts))


def _distinct(outbox: Iterable[Delivery]) -> list[Delivery]:
    """Return deliveries, each address once per send (a diverted step has one address only)."""
    unique: dict[tuple[object, ...], Delivery] = {}
    for delivery in outbox:
        key = (
            delivery.incident_id,
            delivery.round,
            delivery.step,
            delivery.send_number,
            delivery.occasion,
            delivery.destination,
            delivery.address,
        )
        unique.setdefault(key, delivery)
    return list(unique.values())


def _by_urgency(outbox: Iterable[Delivery], first: Collection[UUID]) -> list[Delivery]:
    """Return deliveries with the most urgent first; a category's first alert comes before all others."""
    rated = (
        replace(delivery, urgency=delivery.urgency + delivery_claims.FIRST_ALERT_URGENCY)
        if delivery.incident_id in first and delivery.kind is DeliveryKind.PAGE
        else delivery
        for delivery in outbox
    )
    return sorted(rated, key=lambda delivery: -delivery.urgency)


def _claimed_at_birth(
    context: TransactionContext,
    decisions: Sequence[Decision],
    outbox: Sequence[Delivery],
    breakers: CircuitBreakers,
    reserved: ThreadReservation,
) -> list[OutboundCall]:
    """Claim what this process has threads for in the transaction that creates it; this saves a commit.

    Deliveries whose endpoint has a queue or hangs are left to the claim that reads the queue.
    """
    lanes = [
        (delivery, lane_of(delivery, context.core.expand(delivery.address), delivery.kind.value)) for delivery in outbox
    ]
    born = [
        (delivery, lane)
        for delivery, lane in lanes
        if not breakers.is_open(lane) and _may_be_sent(delivery, breakers, context.now) and reserved.take(lane)
    ]
    if not born:
        return []
    about = {decision.change.incident.id: decision.change.incident for decision in decisions}
    known = [decision.before.id for decision in decisions if decision.before is not None]
    standing = (
        posted_messages.lock_of(context.connection, known, context.now, context.core.heartbeat_timeout(context.now))
        if known
        else []
    )
    story = compose.story_records(context.connection, known) if known else {}
    claims = PageClaimer(
        context.core, context.connection, context.running, context.now, about, breakers, standing, story
    )
    for delivery, lane in born:
        if claims.why_unwanted(delivery) is None:
            claims.take(delivery, lane)
    claims.write()
    return claims.to_send


def _may_be_sent(delivery: Delivery, breakers: CircuitBreakers, now: datetime) -> bool:
    """Whether no wait of its endpoint applies, so that it does not overtake older ones."""
    is_first = delivery.urgency >= delivery_claims.FIRST_ALERT_URGENCY
    return is_first or breakers.paused_beyond(delivery.endpoint, now) is None


def _claimed(delivery: Delivery, core: Core, now: datetime) -> Delivery:
    return replace(
        delivery, state=DeliveryState.SENDING, claimed_by=core.id, claim_number=1, claimed_at=now, attempts=1
    )


def _numbered(decisions: Sequence[Decision], numbers: Iterable[int]) -> list[Decision]:
    """Number new incidents only when they are written, so that there are no gaps."""
    next_number = iter(numbers)
    return [
        decision
        if decision.before is not None
        else replace(
            decision,
            change=replace(decision.change, incident=decision.change.incident.changed(number=next(next_number))),
        )
        for decision in decisions
    ]


def _suppress(connection: Connection, decisions: Iterable[Decision]) -> None:
    for decision in decisions:
        if decision.before is None or decision.change.suppress is None:
            continue
        incident = decision.change.incident
        below = incident.round + (0 if decision.change.suppress == "superseded" else 1)
        deliveries.suppress_pages_below_round(connection, incident.id, below, decision.change.suppress)


def _deliveries(context: TransactionContext, decision: Decision) -> Iterable[Delivery]:
    """Return who is notified; a diverted incident has no copies: its tests do not count."""
    core, policy, now, incident = context.core, context.policy, context.now, decision.change.incident
    mode = core.mode_for(incident, policy)
    for notice in decision.change.notices:
        recipients = _diverted(notice.recipient, incident, policy) if mode is Mode.DIVERT else (notice.recipient,)
        for recipient in recipients:
            yield _delivery(core, incident, replace(notice, recipient=recipient), mode, now)
    if mode is not Mode.DIVERT:
        for copy in feed_copies(decision.before, decision.change, policy):
            yield _copy(core, incident, copy, mode, now)


def _diverted(recipient: Recipient, incident: Incident, policy: Policy) -> Iterable[Recipient]:
    """Return the one destination for everything of a diverted source."""
    divert_to = policy.sources[incident.source].divert_to or ""
    return (
        replace(divert_recipient, target=recipient.target)
        for divert_recipient in destination_recipients((divert_to,), policy)
    )


def _delivery(
    core: Core, incident: Incident, request: NotificationRequest | FeedCopy, mode: Mode, now: datetime
) -> Delivery:
    return Delivery(
        id=uuid7(),
        kind=DeliveryKind.PAGE,
        occasion=request.occasion,
        target=request.recipient.target,
        destination=request.recipient.destination,
        address=delivery_address(request.recipient, core.settings.environment),
        channel=request.recipient.kind,
        endpoint=request.recipient.endpoint,
        mode=mode,
        urgency=incident.severity.gravity,
        created_at=now,
        next_attempt_at=now,
        expires_at=now + PAGE_EXPIRES,
        incident_id=incident.id,
        round=request.round,
        step=request.step,
        send_number=request.sending,
    )


def _copy(core: Core, incident: Incident, copy: FeedCopy, mode: Mode, now: datetime) -> Delivery:
    return replace(
        _delivery(core, incident, copy, mode, now),
        kind=DeliveryKind.COPY,
        urgency=COPIES_LAST,
        expires_at=now + COPY_EXPIRES,
        actor=copy.actor and copy.actor[:_ACTOR_CHARS],
    )


def _record(connection: Connection, decisions: Iterable[Decision], now: datetime) -> None:
    entries: list[tuple[AuditEntry, UUID | None]] = [
        (entry, decision.change.incident.policy_version) for decision in decisions for entry in decision.change.entries
    ]
    audit_log.insert(connection, entries, now)


def _find_troubles(context: TransactionContext, decisions: Iterable[Decision]) -> None:
    for decision in decisions:
        for key in decision.change.alarms:
            detail = f"#{decision.change.incident.number}: automatic escalation stopped after ten rounds in an hour"
            OperatorAlerts(context.connection, context.now).raise_alert(
                key, detail, context.policy, context.core.settings
            )


def is_step_delivery(delivery: Delivery) -> bool:
    """Whether a delivery belongs to a step of a path."""
    return delivery.kind is DeliveryKind.PAGE and delivery.occasion is Occasion.STEP
