"""What a decision asks for in Stream: the parts of people's actions, and an escalation that Stream should know of."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from uuid6 import uuid7

from escalator.encryption import digest
from escalator.engine.incident_change import StreamPartRequest
from escalator.model.incident import Incident
from escalator.model.levels import Mode
from escalator.model.policy import Source
from escalator.model.stream_action_rule import PartKind
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.incidents.decision import Decision
from escalator.store.stream_calls import CallState, StreamCall

CALLS_EXPIRE = timedelta(hours=2)


def stream_calls_of(context: TransactionContext, decisions: Sequence[Decision]) -> list[StreamCall]:
    """Return the calls to store, in the transaction that decides. They are never called off by what comes later."""
    return [call for decision in decisions for call in _calls(context, decision)]


def _calls(context: TransactionContext, decision: Decision) -> Iterator[StreamCall]:
    incident = decision.change.incident
    source = context.policy.sources.get(incident.source)
    for request in decision.change.stream_parts:
        yield _call(context, incident, source, request)
    if source is not None and _is_news_for_stream(context, decision, source):
        told = StreamPartRequest(incident.id, 0, "", PartKind.ESCALATE.value, "")
        yield _call(context, incident, source, told)


def _is_news_for_stream(context: TransactionContext, decision: Decision, source: Source) -> bool:
    """Whether the path has escalated just now, and Stream should know: not of tests, nor of what it has escalated."""
    before, incident = decision.before, decision.change.incident
    is_first = incident.escalated_at is not None and (before is None or before.escalated_at is None)
    is_known = "escalate" in incident.facts.values("action") or incident.reviewed_at is not None
    is_real = incident.drill is None and context.core.mode_for(incident, context.policy) is not Mode.DIVERT
    has_item = bool(incident.links.get("item_id"))
    return source.tells_escalations and is_first and has_item and is_real and not is_known


def _call(
    context: TransactionContext, incident: Incident, source: Source | None, request: StreamPartRequest
) -> StreamCall:
    user_id = _user_id(context, source, request.person)
    return StreamCall(
        id=uuid7(),
        incident_id=incident.id,
        action_id=request.action,
        position=request.position,
        action_key=request.key,
        part=request.part,
        person=request.person,
        policy_version_id=request.policy_version or context.running.version,
        source=incident.source,
        mode=context.core.mode_for(incident, context.policy),
        item_id=incident.links.get("item_id", ""),
        user_id=context.core.expand(user_id or ""),
        target_digest=target_digest(incident.links.get("user_id", "")),
        state=CallState.NEW if request.approve_by is None else CallState.PROPOSED,
        created_at=context.now,
        next_attempt_at=request.approve_by or context.now,
        expires_at=(request.approve_by or context.now) + CALLS_EXPIRE,
    )


def _user_id(context: TransactionContext, source: Source | None, person: str) -> str | None:
    """Return as whom a call is made, unexpanded; None for somebody who is not, or no longer, known in Stream."""
    if source is None:
        return None
    if not person or source.acts_as_service:
        return source.stream_user
    known = context.policy.people.get(person)
    return known.stream if known else None


def target_digest(user_id: str) -> str:
    """Return by what an author is recognised without keeping the id; empty for none."""
    return digest(user_id.encode()) if user_id else ""
