"""Records the outcomes of the calls that `claim_deliveries` has claimed, and handles failures."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection

from escalator.channels.contract import fingerprint_of
from escalator.engine.deadlines import skip_failed_step
from escalator.metrics import DELIVERIES, WEBHOOK_TO_SEND
from escalator.model.audit import AuditAction, AuditEntry
from escalator.model.incident import Incident, State
from escalator.model.message import Delivered, Failed, FailureReason, Occasion
from escalator.services.core.context import Core
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.delivery import destination_health
from escalator.services.delivery.destination_health import suspects_after
from escalator.services.delivery.fallbacks import create_fallbacks, has_fallback
from escalator.services.delivery.message_update_outcomes import is_orphaned_reply, record_posts, refresh_posts
from escalator.services.delivery.retry import is_permanent_failure, retry_at
from escalator.services.incidents.apply import is_step_delivery, rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.outbound import circuit_breaker
from escalator.services.outbound.call import CallOutcome
from escalator.services.outbound.circuit_breaker import has_hung
from escalator.store import audit_log, bundles, deliveries, delivery_claims, delivery_outcomes, incidents
from escalator.store.deliveries import Delivery, DeliveryKind, DeliveryState
from escalator.store.delivery_outcomes import ClaimStatus
from escalator.store.endpoint_health import HealthUpdates
from escalator.store.pipeline import in_one_trip

log = structlog.get_logger(__name__)

_LONGEST_CLOSED = timedelta(minutes=1)
_WAITING = frozenset({FailureReason.RATE_LIMITED, FailureReason.PACED})
"""Reasons to pause a whole endpoint for a while."""


def record_outcomes(core: Core, outcomes: Sequence[CallOutcome]) -> None:
    """Record the outcomes of these calls in one transaction, and handle failures. Raises Unavailable.

    It waits for the disk: what a crash of the database lost would count as being sent until its lease ends.
    """
    now = core.clock.now()
    made_anew: Collection[UUID] = ()
    with unit_of_work(core) as work:
        connection = work.connection
        paged = [(outcome, outcome.sent.delivery) for outcome in outcomes if outcome.sent.delivery is not None]
        failed_incidents = {
            delivery.incident_id
            for outcome, delivery in paged
            if isinstance(outcome.result, Failed) and delivery.incident_id
        }
        # Locked in this order, incidents before deliveries: each of the two questions locks with its first statement.
        running, locked, standing = in_one_trip(
            connection,
            core.policies.running,
            partial(incidents.lock, ids=failed_incidents, seal=core.seal),
            partial(_standing, core, sent=[delivery for _, delivery in paged]),
        )
        if running is None:
            return
        context = TransactionContext(core, connection, running, now)
        ours = [(outcome, delivery) for outcome, delivery in paged if delivery.id in standing.ours]
        recorded = [
            *ours,
            *((outcome, delivery) for outcome, delivery in paged if _is_delivered_twice(outcome, delivery, standing)),
        ]
        over = {delivery.id for outcome, delivery in ours if _is_over(context, outcome, delivery)}
        delivery_outcomes.record_results(
            connection, [_row(outcome, delivery, over, now) for outcome, delivery in ours], core.id
        )
        made_anew = record_posts(core, connection, outcomes, standing.forgotten, now)
        _note_endpoints(context, outcomes, recorded, over)
        bundles.mark_delivered(
            connection, [delivery.id for outcome, delivery in recorded if _is_delivered_bundle(outcome, delivery)], now
        )
        destination_health.update_operator_alerts(context, outcomes, over)
        _note_deliveries(context, recorded, over)
        touched = {
            delivery.incident_id for _, delivery in recorded if is_step_delivery(delivery) and delivery.id in over
        }
        work.apply(decide_failed_steps(context, locked, touched), running, now)
    if made_anew:
        refresh_posts(core, made_anew)
    for outcome in outcomes:
        _measure(core, outcome, now)


@dataclass(frozen=True, slots=True)
class _Standing:
    """The deliveries of some outcomes, by whether our outcome counts.

    Those in neither set were lost in a crash of the database, or their outcome is written already. `forgotten` are ours
    whose claim a crash has lost, with the posted messages it made.
    """

    ours: Collection[UUID]
    forgotten: Collection[UUID]
    taken_over: Collection[UUID]


def _standing(core: Core, connection: Connection, sent: Sequence[Delivery]) -> _Standing:
    status_by_id = delivery_outcomes.lock_claim_status(
        connection, {sent_delivery.id: sent_delivery.claim_number + 1 for sent_delivery in sent}, core.id
    )
    forgotten = {key for key, standing in status_by_id.items() if standing is ClaimStatus.FORGOTTEN}
    if forgotten or len(status_by_id) < len(sent):
        log.warning("claims_lost_by_the_database", made_good=len(forgotten), gone=len(sent) - len(status_by_id))
    return _Standing(
        ours={key for key, standing in status_by_id.items() if standing.is_ours},
        forgotten=forgotten,
        taken_over={key for key, standing in status_by_id.items() if standing is ClaimStatus.TAKEN_OVER},
    )


def _is_delivered_twice(outcome: CallOutcome, delivery: Delivery, standing: _Standing) -> bool:
    """Whether a page arrived that another process has taken over; after a failure that process decides."""
    return delivery.id in standing.taken_over and isinstance(outcome.result, Delivered)


def _is_over(context: TransactionContext, outcome: CallOutcome, delivery: Delivery) -> bool:
    """Whether a delivery has failed for good."""
    if isinstance(outcome.result, Delivered) or is_orphaned_reply(outcome):
        return False
    if is_permanent_failure(delivery, outcome.result, context.now):
        return True
    gives_up_early = _is_too_late_here(outcome.result) or has_hung(outcome)
    return gives_up_early and has_fallback(context, delivery)


def _is_too_late_here(failed: Failed) -> bool:
    """Whether its vendor asks for a longer wait than a delivery with a fallback should have.

    Without a fallback it is retried when the vendor says and has not failed; the escalation goes on meanwhile.
    """
    return failed.retry_after is not None and failed.retry_after > delivery_claims.MAX_PAUSE


def _row(outcome: CallOutcome, delivery: Delivery, over: Collection[UUID], now: datetime) -> dict[str, Any]:
    result = outcome.result
    is_tried = outcome.sent.refused is None and not (
        isinstance(result, Failed) and result.reason is FailureReason.PACED
    )
    row: dict[str, Any] = {"id": delivery.id, "claim_number": delivery.claim_number + 1, "next_attempt_at": now}
    row["attempts"] = delivery.attempts + is_tried
    if isinstance(result, Delivered):
        return row | {"state": DeliveryState.DELIVERED, "delivered_at": now}
    row["reason"] = f"{result.reason.value}: {result.detail}" if result.detail else result.reason.value
    if delivery.id in over:
        return row | {"state": DeliveryState.FAILED}
    return row | {"state": DeliveryState.PENDING, "next_attempt_at": retry_at(delivery, result, now)}


def _is_delivered_bundle(outcome: CallOutcome, delivery: Delivery) -> bool:
    return delivery.occasion is Occasion.BUNDLE and isinstance(outcome.result, Delivered)


def _note_endpoints(
    context: TransactionContext,
    outcomes: Sequence[CallOutcome],
    recorded: Iterable[tuple[CallOutcome, Delivery]],
    over: Collection[UUID],
) -> None:
    """Write what these calls show of their endpoints and hosts, at once."""
    notes = HealthUpdates()
    circuit_breaker.record_answers(notes, outcomes)
    destination_health.record_calls(notes, outcomes)
    for outcome, delivery in recorded:
        if isinstance(outcome.result, Delivered):
            continue
        note = notes.of(delivery.endpoint)
        until = _closed_until(delivery, outcome.result, context.now) if outcome.sent.refused is None else None
        if until is not None:
            note.paused_until = max(until, note.paused_until or until)
        if outcome.result.reason is FailureReason.GONE and delivery.id in over:
            note.gone_address_digest = fingerprint_of(context.core.expand(delivery.address))
    notes.write(context.connection, context.now)


def _note_deliveries(
    context: TransactionContext, recorded: Iterable[tuple[CallOutcome, Delivery]], over: Collection[UUID]
) -> None:
    """Record the outcomes of deliveries, and create the fallbacks of failed ones at once."""
    entries = []
    for outcome, delivery in recorded:
        if isinstance(outcome.result, Delivered):
            entries.append(audit_entry(AuditAction.DELIVERED, delivery))
            continue
        if delivery.id in over:
            entries.append(audit_entry(AuditAction.DELIVERY_FAILED, delivery, outcome.result.reason.value))
            suspects = suspects_after(outcome.result.reason, delivery.endpoint, delivery.channel)
            create_fallbacks(context, [delivery], suspects)
    audit_log.insert(context.connection, [(entry, None) for entry in entries], context.now)


def _closed_until(delivery: Delivery, failed: Failed, now: datetime) -> datetime | None:
    """Return until when an endpoint is paused because a page to it must wait, or None.

    A wait that a copy must keep does not count for pages.
    """
    if delivery.kind is not DeliveryKind.PAGE or failed.reason not in _WAITING:
        return None
    return min(retry_at(delivery, failed, now), now + (failed.retry_after or _LONGEST_CLOSED))


def decide_failed_steps(
    context: TransactionContext, locked: dict[UUID, Incident], touched: Collection[UUID | None]
) -> list[Decision]:
    """Return the decisions for incidents whose present step failed for good at all who may acknowledge."""
    decisions = []
    for incident_id in touched:
        incident = locked.get(incident_id) if incident_id else None
        if incident is None or incident.state is not State.TRIGGERED:
            continue
        rules = rules_for(context.core, context.connection, incident, context.running)
        roster = rules.roster(incident, context.now)
        sent = deliveries.step_states(
            context.connection, incident.id, incident.round, incident.step, incident.send_number
        )
        fates = {state for person, state in sent if person is None or roster.may_acknowledge(person)}
        if fates == {DeliveryState.FAILED}:
            decisions.append(Decision(incident, skip_failed_step(incident, rules, context.now)))
    return decisions


def _measure(core: Core, call_outcome: CallOutcome, now: datetime) -> None:
    result = call_outcome.result
    if isinstance(result, Failed) and result.reason is FailureReason.PACED:
        return
    outcome = "delivered" if isinstance(result, Delivered) else "failed"
    reason = "" if isinstance(result, Delivered) else result.reason.value
    core.metrics.count(DELIVERIES, channel=call_outcome.sent.channel.value, outcome=outcome, reason=reason)
    if isinstance(result, Failed):
        log.warning(
            "delivery_failed", destination=call_outcome.sent.context.destination, reason=reason, detail=result.detail
        )
    elif call_outcome.sent.received_at is not None:
        core.metrics.observe(WEBHOOK_TO_SEND, (now - call_outcome.sent.received_at).total_seconds())


def audit_entry(action: AuditAction, delivery: Delivery, reason: str = "") -> AuditEntry:
    """Return the audit record of an outcome."""
    after = {"destination": delivery.destination, "channel": delivery.channel.value, "mode": delivery.mode.value}
    if delivery.kind is not DeliveryKind.PAGE:
        after["kind"] = delivery.kind.value
    if delivery.step >= 0:
        after |= {"round": str(delivery.round), "step": str(delivery.step + 1), "sending": str(delivery.send_number)}
    return AuditEntry(action, reason=reason, after=after, incident_id=delivery.incident_id)
