"""Actions in Stream from an alert: who may ask, when a second person must approve, what follows from the results."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from escalator.engine.acknowledgement import close, missing_acknowledgements
from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.incident_change import Change, ChangeDraft, PolicyPair, StreamPartRequest
from escalator.engine.permissions import Refusal, RefusalReason, allowed_people
from escalator.model.audit import Actor, AuditAction
from escalator.model.incident import HELD_STATES, UNACKNOWLEDGED_STATES, Incident, Outcome, State
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
    waiting = next((action for action in draft.incident.stream_actions if action.state in UNDER_WAY), None)
    failed = failed_action(draft.incident, rule)
    if waiting is not None and _may_still_approve(waiting, rule, running):
        draft.record(AuditAction.STREAM_ACTION_APPROVED, name=rule.key, person=waiting.person)
        _run(draft, replace(waiting, state=ActionState.RUNNING, approve_by=None, approved_by=person.key))
        return None
    draft.withdraw_proposals()
    if failed is not None and failed.rule_digest == rule.digest:
        parts = tuple(ActionPart(part.kind) if part.state is PartState.FAILED else part for part in failed.parts)
        _ask(draft, replace(failed, person=person.key, parts=parts), rule)
    else:
        _ask(draft, _new_action(draft, person, rule, new.id), rule)
    return None


def _may_still_approve(proposal: StreamAction, rule: StreamActionRule, policy: Policy) -> bool:
    """Whether a proposal still means what it did: else whoever wants to approve it proposes it anew."""
    return proposal.rule_digest == rule.digest and proposal.person in policy.people


def failed_action(incident: Incident, rule: StreamActionRule) -> StreamAction | None:
    """Return the newest action of this kind in this round if it has failed: it may be tried again."""
    same = [action for action in incident.stream_actions if (action.key, action.round) == (rule.key, incident.round)]
    return same[-1] if same and same[-1].state is ActionState.FAILED else None


def is_wanted(incident: Incident, action_id: UUID, position: int) -> bool:
    """Whether a part of an action should be carried out now: nobody has to approve it, and it is its turn."""
    action = next((action for action in incident.stream_actions if action.id == action_id), None)
    return action is not None and action.state is ActionState.RUNNING and action.next_part == position


def may_still_act(person: Person | None, rule: StreamActionRule | None, incident: Incident, policy: Policy) -> bool:
    """Whether somebody who has asked for an action may still have it done: by role, and for a restricted category."""
    allowed = allowed_people(incident, policy)
    is_allowed = person is not None and (allowed is None or person.key in allowed)
    return is_allowed and person is not None and rule is not None and person.role >= rule.role


def _ask(draft: ChangeDraft, action: StreamAction, rule: StreamActionRule) -> None:
    """Run the action, or let it wait for a second person, also when it is tried again."""
    is_proposal = rule.second is not None
    recorded = AuditAction.STREAM_ACTION_PROPOSED if is_proposal else AuditAction.STREAM_ACTION_REQUESTED
    draft.record(recorded, name=rule.key)
    state = ActionState.PROPOSED if is_proposal else ActionState.RUNNING
    approve_by = draft.now + rule.within if is_proposal else None
    _run(draft, replace(action, state=state, approve_by=approve_by, approved_by=None))


def _new_action(draft: ChangeDraft, person: Person, rule: StreamActionRule, action_id: UUID) -> StreamAction:
    return StreamAction(
        id=action_id,
        key=rule.key,
        label=rule.label,
        person=person.key,
        requested_at=draft.now,
        state=ActionState.RUNNING,
        parts=tuple(ActionPart(part) for part in rule.parts),
        round=draft.incident.round,
        outcome=rule.outcome.value if rule.outcome else "",
        policy_version=draft.rules.running_version,
        rule_digest=rule.digest,
    )


def _run(draft: ChangeDraft, action: StreamAction) -> None:
    """Keep the action and ask for its next part."""
    _keep(draft, action)
    position = action.next_part
    if position is not None:
        part = action.parts[position].kind
        draft.stream_parts.append(
            StreamPartRequest(
                action.id, position, action.key, part, action.person, action.approve_by, action.policy_version
            )
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
    """Resolve the incident in the name of whoever asked, where the action does and no acknowledgement is missing.

    A round that has begun meanwhile is not closed by it: it may be about something graver, or be somebody else's.
    """
    draft.record(AuditAction.STREAM_ACTION_DONE, name=action.key)
    _keep(draft, replace(action, state=ActionState.DONE))
    incident = draft.incident
    is_ours = incident.state in HELD_STATES or (
        incident.state in UNACKNOWLEDGED_STATES and not missing_acknowledgements(incident)
    )
    if action.outcome and is_ours and action.round == incident.round:
        close(draft, Outcome(action.outcome), action.person)


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
