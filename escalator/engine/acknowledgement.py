"""Acknowledge, resolve and reopen an incident: acknowledgements of a round, the second deadline, the close."""

from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.incident_change import ChangeDraft
from escalator.engine.reviews import REVIEW, is_resolved_by_review
from escalator.engine.rounds import begin_round
from escalator.engine.steps import set_next_deadline
from escalator.engine.targets import members_of
from escalator.model.audit import AuditAction
from escalator.model.facts import Content
from escalator.model.incident import UNACKNOWLEDGED_STATES, Acknowledgement, DueKind, Incident, Outcome, State
from escalator.model.message import Occasion


def add_acknowledgement(draft: ChangeDraft, person: str, verb: str) -> bool:
    """Add a person's acknowledgement to this round; return False when it is there already."""
    if any(answer.person == person for answer in draft.incident.acknowledgements):
        return False
    acknowledgement = Acknowledgement(person, verb, draft.via, draft.now)
    draft.put(acknowledgements=(*draft.incident.acknowledgements, acknowledgement))
    return True


def missing_acknowledgements(incident: Incident) -> int:
    """Return how many more different people must answer."""
    return max(0, incident.acks_needed - len(incident.acknowledgements))


def request_another(draft: ChangeDraft) -> None:
    """Notify the rest of the team, on call or not, that one more acknowledgement is needed; the deadline stays.

    A member of a group leaves the group here: its acknowledgement does not count for the other members.
    """
    if draft.incident.state is State.GROUPED:
        draft.put(state=State.TRIGGERED, waiting_since=draft.now)
        set_next_deadline(draft)
    incident = draft.incident
    draft.record(AuditAction.ANSWERED, given=str(len(incident.acknowledgements)), needed=str(incident.acks_needed))
    if incident.assign:
        members = members_of(incident.assign, draft.rules.running)
        answered = frozenset(answer.person for answer in incident.acknowledgements)
        draft.notify(Occasion.ONE_MORE, [PERSON_PREFIX + key for key in members], exclude=answered)


def apply_acknowledgements(draft: ChangeDraft) -> None:
    """Resolve the incident or assign its owner, now that there are enough acknowledgements.

    A review in Stream resolves it where its categories say so; else the first to acknowledge becomes the owner, unless
    it has one already. A snooze goes on: its end notifies people again, an acknowledgement might not.
    """
    answers = draft.incident.acknowledgements
    reviewers = [answer.person for answer in answers if answer.verb == REVIEW]
    if reviewers and is_resolved_by_review(draft.incident, draft.rules.frozen):
        close(draft, Outcome.REVIEWED_IN_STREAM, reviewers[-1])
    elif draft.incident.state in UNACKNOWLEDGED_STATES:
        assign_owner(draft, answers[0].person)


def assign_owner(draft: ChangeDraft, owner: str) -> None:
    """Make somebody the owner, stop the path and start the second deadline.

    Somebody who is not in `people` cannot be the owner; then it is the route's `assign`, if it has one.
    """
    known = owner in draft.rules.running.people
    draft.put(
        state=State.ACKNOWLEDGED,
        owner=owner if known else draft.incident.assign,
        acknowledged_at=draft.now,
        first_acknowledged_at=draft.incident.first_acknowledged_at or draft.now,
        restarts=0,
        extensions=0,
    )
    draft.suppress = "acknowledged"
    draft.record(AuditAction.ACKNOWLEDGED, owner=draft.incident.owner or "")
    start_resolve_clock(draft)


def start_resolve_clock(draft: ChangeDraft) -> None:
    """Set the deadline to resolve: the category's time, else the policy's, with a reminder before it if configured."""
    policy = draft.rules.frozen
    category = policy.categories.get(draft.incident.category or "")
    rule = policy.acknowledged
    within = (category.resolve_within if category else None) or (rule.resolve_within if rule else None)
    if within is None:
        draft.set_deadline(None, None)
    elif rule is not None and rule.remind is not None and rule.remind < within:
        draft.set_deadline(DueKind.REMIND, draft.now + within - rule.remind)
    else:
        draft.set_deadline(DueKind.RESOLVE_WITHIN, draft.now + within)


def close(
    draft: ChangeDraft, outcome: Outcome, closed_by: str | None, reference: str | None = None, *, reason: str = ""
) -> None:
    """Resolve the incident; `closed_by` None is automation.

    `reference` (of a referral, for example) is free text and is kept with the content; `reason` is one of our own
    words.
    """
    if reference:
        reference_content = Content({"reference": (draft.now, reference.strip())})
        draft.put(content=draft.incident.content.merged(reference_content))
    draft.put(
        state=State.RESOLVED,
        outcome=outcome,
        first_acknowledged_at=draft.incident.first_acknowledged_at or draft.now,
        closed_at=draft.now,
        closed_by=closed_by,
        reports_at_close=len(draft.incident.facts.values("report")),
        restarts=0,
        extensions=0,
        snoozes=0,
    )
    draft.set_deadline(None, None)
    draft.suppress = "resolved"
    draft.record(AuditAction.RESOLVED, reason, outcome=outcome.value)


def undo_close(draft: ChangeDraft, reason: str) -> None:
    """Clear outcome and closing time; the caller starts a round, which sets the new state."""
    draft.record(AuditAction.REOPENED, reason)
    draft.put(outcome=None, closed_at=None, closed_by=None, waiting_since=draft.now)


def reopen(draft: ChangeDraft, reason: str) -> None:
    """Trigger a resolved incident again from step 1, whatever its route says: somebody wants it handled."""
    undo_close(draft, reason)
    begin_round(draft, reason)
