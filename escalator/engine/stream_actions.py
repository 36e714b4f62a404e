"""Actions in Stream from an alert: who may ask, when a second person must approve, what follows from the results."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from escalator.engine.acknowledgement import close, missing_acknowledgements
from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.incident_change import Change, ChangeDraft, PolicyPair, StreamPartRequest
from escalator.engine.permissions import Refusal, RefusalReason
from escalator.model.audit import Actor, AuditAction
from escalator.model.incident import HELD_STATES, UNACKNOWLEDGED_STATES, Incident, State
from escalator.model.message import Occasion
from escalator.model.policy import Person, Policy
from escalator.model.stream_action import UNDER_WAY, ActionPart, ActionState, PartState, StreamAction
from escalator.model.stream_action_rule import StreamActionRule

EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class NewStreamAction:
    """A request for an action of the policy; `id` is that of the action if this begins one."""

    key: str
    id: UUID


def offered_actions(incident: Incident, policy: Policy) -> tuple[StreamActionRule, ...]:
    """Return the actions that the category offers, in the policy's order; none where there is no item to act on."""
    is_ready = incident.state is State.TRIGGERED or incident.state in HELD_STATES
    category = policy.categories.get(incident.category or "")
    if not is_ready or category is None or not incident.links.get("item_id") or incident.drill is not None:
        return ()
    return tuple(policy.actions[key] for key in category.actions if key in policy.actions)


def startable_actions(incident: Incident, policy: Policy) -> tuple[StreamActionRule, ...]:
    """Return the actions that somebody could ask for or approve now, whoever it is: none beside one that is running."""
    offered = offered_actions(incident, policy)
    under_way = next((action for action in incident.stream_actions if action.state in UNDER_WAY), None)
    if under_way is not None:
        is_open = under_way.state is ActionState.PROPOSED
        return tuple(rule for rule in offered if is_open and rule.key == under_way.key)
    finished = [action for action in incident.stream_actions if action.state is ActionState.DONE]
    done = {action.key for action in finished if action.round == incident.round}
    return tuple(rule for rule in offered if rule.key not in done)


def action_refusal(person: Person, rule: StreamActionRule, incident: Incident, policy: Policy) -> Refusal | None:
    """Return why this person may not ask for this action or approve it now, or None when they may."""
    source = policy.sources.get(incident.source)
    if person.role < rule.role:
        return Refusal(RefusalReason.ROLE)
    if source is None or not (source.acts_as_service or person.stream):
        return Refusal(RefusalReason.NO_STREAM_ID)
    for action in incident.stream_actions:
        if action.state in UNDER_WAY and not _may_approve(person, action, rule):
            return Refusal(RefusalReason.ALREADY_REQUESTED, by=action.person, at=action.requested_at)
        if action.state is ActionState.DONE and (action.key, action.round) == (rule.key, incident.round):
            return Refusal(RefusalReason.ALREADY_DONE, by=action.person, at=action.requested_at)
    return None


def _may_approve(person: Person, action: StreamAction, rule: StreamActionRule) -> bool:
    is_waiting = action.state is ActionState.PROPOSED and action.key == rule.key
    return is_waiting and person.key != action.person and rule.second is not None and person.role >= rule.second


def request_stream_action(draft: ChangeDraft, person: Person, new: NewStreamAction) -> Refusal | None:
    """Begin the action, approve it, or try a failed one again from the part that failed."""
    running = draft.rules.running
    rule = next((rule for rule in offered_actions(draft.incident, running) if rule.key == new.key), None)
    if rule is None:
        return Refusal(RefusalReason.NOT_OFFERED)
    refusal = action_refusal(person, rule, draft.incident, running)
    if refusal is not None:
        return refusal
    action = next((action for action in draft.incident.stream_actions if action.state in UNDER_WAY), None)
    failed = _failed(draft.incident, rule)
    if action is not None:
        draft.record(AuditAction.STREAM_ACTION_APPROVED, name=rule.key, person=action.person)
        _run(draft, replace(action, state=ActionState.RUNNING, approve_by=None, approved_by=person.key))
    elif failed is not None:
        draft.record(AuditAction.STREAM_ACTION_REQUESTED, name=rule.key, again="yes")
        parts = tuple(ActionPart(part.kind) if part.state is PartState.FAILED else part for part in failed.parts)
        _run(draft, replace(failed, state=ActionState.RUNNING, person=person.key, parts=parts))
    else:
        _begin(draft, person, rule, new.id)
    return None


def _failed(incident: Incident, rule: StreamActionRule) -> StreamAction | None:
    """Return the newest action of this kind if it has failed."""
    same = [action for action in incident.stream_actions if action.key == rule.key]
    return same[-1] if same and same[-1].state is ActionState.FAILED else None


def _begin(draft: ChangeDraft, person: Person, rule: StreamActionRule, action_id: UUID) -> None:
    is_proposal = rule.second is not None
    approve_by = draft.now + rule.within if is_proposal else None
    action = StreamAction(
        id=action_id,
        key=rule.key,
        label=rule.label,
        person=person.key,
        requested_at=draft.now,
        state=ActionState.PROPOSED if is_proposal else ActionState.RUNNING,
        parts=tuple(ActionPart(part) for part in rule.parts),
        approve_by=approve_by,
        round=draft.incident.round,
    )
    recorded = AuditAction.STREAM_ACTION_PROPOSED if is_proposal else AuditAction.STREAM_ACTION_REQUESTED
    draft.record(recorded, name=rule.key)
    _run(draft, action)


def _run(draft: ChangeDraft, action: StreamAction) -> None:
    """Keep the action and ask for its next part."""
    _keep(draft, action)
    position = action.next_part
    if position is not None:
        part = action.parts[position].kind
        draft.stream_parts.append(
            StreamPartRequest(action.id, position, action.key, part, action.person, action.approve_by)
        )


def _keep(draft: ChangeDraft, action: StreamAction) -> None:
    others = [other for other in draft.incident.stream_actions if other.id != action.id]
    draft.put(stream_actions=tuple(sorted((*others, action), key=lambda each: (each.requested_at, each.id))))


@dataclass(frozen=True, slots=True)
class PartResult:
    """What became of a part: done, or failed for good. `reason` is one word of ours, `done_by` who else did it."""

    action: UUID
    position: int
    is_done: bool
    reason: str = ""


def apply_part_result(incident: Incident, result: PartResult, rules: PolicyPair, now: datetime) -> Change | None:
    """Return what a part's result changes: the next part, the resolution, or the failure; None if it is known."""
    action = next((action for action in incident.stream_actions if action.id == result.action), None)
    if action is None or action.state is not ActionState.RUNNING or action.next_part != result.position:
        return None
    draft = ChangeDraft(incident, rules, now, Actor("person", action.person), "stream")
    part = action.parts[result.position]
    state = PartState.DONE if result.is_done else PartState.FAILED
    parts = list(action.parts)
    parts[result.position] = replace(part, state=state, reason=result.reason)
    action = replace(action, parts=tuple(parts))
    if not result.is_done:
        _fail(draft, action, part.kind, result.reason)
    else:
        draft.record(AuditAction.STREAM_PART_DONE, result.reason, name=action.key, part=part.kind)
        if action.next_part is None:
            _finish(draft, action)
        else:
            _run(draft, action)
    return draft.to_change()


def _fail(draft: ChangeDraft, action: StreamAction, part: str, reason: str) -> None:
    """Keep the incident open, on its clock, and notify whoever asked."""
    draft.record(AuditAction.STREAM_ACTION_FAILED, reason, name=action.key, part=part)
    _keep(draft, replace(action, state=ActionState.FAILED, failures=action.failures + 1))
    failures = sum(each.failures for each in draft.incident.stream_actions)
    draft.notify(Occasion.ACTION_FAILED, (PERSON_PREFIX + action.person,), sending=failures)


def _finish(draft: ChangeDraft, action: StreamAction) -> None:
    """Resolve the incident in the name of whoever asked, where the policy says so and no acknowledgement is missing."""
    draft.record(AuditAction.STREAM_ACTION_DONE, name=action.key)
    _keep(draft, replace(action, state=ActionState.DONE))
    rule = draft.rules.running.actions.get(action.key) or draft.rules.frozen.actions.get(action.key)
    incident = draft.incident
    is_ours = incident.state in HELD_STATES or (
        incident.state in UNACKNOWLEDGED_STATES and not missing_acknowledgements(incident)
    )
    if rule is not None and rule.outcome is not None and is_ours:
        close(draft, rule.outcome, action.person)


def expire_proposal(incident: Incident, action_id: UUID, rules: PolicyPair, now: datetime) -> Change | None:
    """Return the end of a proposal that nobody has approved in time; None if it waits no longer."""
    action = next((action for action in incident.stream_actions if action.id == action_id), None)
    if (
        action is None
        or action.state is not ActionState.PROPOSED
        or action.approve_by is None
        or now < action.approve_by
    ):
        return None
    draft = ChangeDraft(incident, rules, now)
    draft.record(AuditAction.STREAM_ACTION_ENDED, EXPIRED, name=action.key, person=action.person)
    _keep(draft, replace(action, state=ActionState.ENDED, reason=EXPIRED))
    return draft.to_change()


def record_told_stream(incident: Incident, rules: PolicyPair, now: datetime, reason: str, *, is_done: bool) -> Change:
    """Return the record that Stream knows of our escalation, or why it does not."""
    draft = ChangeDraft(incident, rules, now, via="stream")
    draft.record(AuditAction.STREAM_TOLD if is_done else AuditAction.STREAM_NOT_TOLD, reason)
    return draft.to_change()
