"""Claims messages about no incident: operator alerts and bulletins."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from escalator.model.audit import AuditAction
from escalator.model.levels import Mode
from escalator.model.message import Failed, FailureReason
from escalator.rendering.card import alarm
from escalator.services.core.operator_alerts import alert_details
from escalator.services.delivery.bulletin_text import bulletin_card
from escalator.services.delivery.claim_transaction import ClaimContext
from escalator.services.delivery.due_deliveries import Candidate
from escalator.services.delivery.outcomes import audit_entry
from escalator.services.notifications import compose
from escalator.services.outbound.call import OutboundCall
from escalator.services.outbound.circuit_breaker import NOT_ANSWERING, BreakerDecision, CircuitBreakers
from escalator.store import audit_log, bulletins, deliveries, delivery_claims
from escalator.store.deliveries import Delivery


def claim_notices(
    claim: ClaimContext,
    breakers: CircuitBreakers,
    notices_due: Sequence[Delivery],
    candidates: Mapping[UUID, Candidate],
) -> list[OutboundCall]:
    """Return the calls about no incident: operator alerts and bulletins."""
    core, connection, running, now = claim.core, claim.connection, claim.running, claim.now
    troubles = (
        alert_details(
            connection, [delivery.operator_alert_id for delivery in notices_due if delivery.operator_alert_id]
        )
        if notices_due
        else {}
    )
    bulletins_by_id = bulletins.find(
        connection, [delivery.bulletin_id for delivery in notices_due if delivery.bulletin_id]
    )
    to_send = []
    for delivery in notices_due:
        chosen = candidates[delivery.id]
        if delivery.bulletin_id is not None:
            card = bulletin_card(claim.context, bulletins_by_id[delivery.bulletin_id], delivery)
            until = breakers.paused_beyond(delivery.endpoint, now + delivery_claims.MAX_PAUSE)
        else:
            key, detail = troubles.get(delivery.operator_alert_id or UUID(int=0), ("", ""))
            card = alarm(f"Escalator needs attention: {key.partition(':')[0].replace('_', ' ')}", (detail,))
            until = None
        if card is None:
            drop_delivery(connection, delivery, "nothing_left", now)
            continue
        is_probe = chosen.decision is BreakerDecision.PROBE
        # Made for a less mild mode than the present one: not sent, the address may be real.
        mode = delivery.mode if delivery.mode <= core.settings.mode else Mode.SANDBOX
        refused = Failed(FailureReason.RATE_LIMITED, "closed", until - now) if until else None
        if chosen.decision is BreakerDecision.FALL_BACK:
            refused = NOT_ANSWERING
        note = compose.build_notice(core, running.policy, delivery, card, now)
        call = OutboundCall(
            note, mode, delivery.channel, 0, delivery, refused=refused, lane=chosen.lane, is_probe=is_probe
        )
        to_send.append(call)
    return to_send


def drop_delivery(connection: Connection, delivery: Delivery, reason: str, now: datetime) -> None:
    """Drop a delivery that is not wanted any more; record why."""
    deliveries.suppress(connection, [delivery.id], reason)
    entry = audit_entry(AuditAction.DELIVERY_SUPPRESSED, delivery, reason)
    audit_log.insert(connection, [(entry, None)], now)
