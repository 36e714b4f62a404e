"""Taking an incident and ending it: the answers of a round, the second clock, the close, the way back."""

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
    """Add somebody's acknowledgement to those of this round; False when it is there already."""
    if any(given.person == person for given in draft.incident.answers):
        return False
    given = Acknowledgement(person, verb, draft.via, draft.now)
    draft.put(answers=(*draft.incident.answers, given))
    return True


def missing_acknowledgements(incident: Incident) -> int:
    """Return how many more different people must answer."""
    return max(0, incident.acks_needed - len(incident.answers))


def request_another(draft: ChangeDraft) -> None:
    """Tell the rest of the team, on call or not, that one has answered and another is needed; the clock goes on.

    What a group tells of stands on its own from here: the answer that it has does not count for the others.
    """
    if draft.incident.state is State.GROUPED:
        draft.put(state=State.TRIGGERED, waiting_since=draft.now)
        set_next_deadline(draft)
    incident = draft.incident
    draft.record(AuditAction.ANSWERED, given=str(len(incident.answers)), needed=str(incident.acks_needed))
    if incident.assign:
        members = members_of(incident.assign, draft.rules.running)
        answered = frozenset(given.person for given in incident.answers)
        draft.tell(Occasion.ONE_MORE, [PERSON_PREFIX + key for key in members], besides=answered)


def apply_acknowledgements(draft: ChangeDraft) -> None:
    """Do what enough answers amount to.

    A review in Stream ends it where its categories say so; else it is taken by who answered first, unless somebody
    holds it already (a snooze goes on: its end rings again, an acknowledgement might not).
    """
    given = draft.incident.answers
    reviewers = [answer.person for answer in given if answer.verb == REVIEW]
    if reviewers and is_resolved_by_review(draft.incident, draft.rules.frozen):
        close(draft, Outcome.REVIEWED_IN_STREAM, reviewers[-1])
    elif draft.incident.state in UNACKNOWLEDGED_STATES:
        assign_owner(draft, given[0].person)


def assign_owner(draft: ChangeDraft, owner: str) -> None:
    """Stop the path: the incident is this owner's, and the second clock starts.

    Whoever is not in `people` can own nothing; then it is the route's `assign`, if it has one.
    """
    known = owner in draft.rules.running.people
    draft.put(
        state=State.ACKNOWLEDGED,
        owner=owner if known else draft.incident.assign,
        acknowledged_at=draft.now,
        first_answered_at=draft.incident.first_answered_at or draft.now,
        restarts=0,
        extensions=0,
    )
    draft.suppress = "acknowledged"
    draft.record(AuditAction.ACKNOWLEDGED, owner=draft.incident.owner or "")
    start_resolve_clock(draft)


def start_resolve_clock(draft: ChangeDraft) -> None:
    """Set by when it must be resolved: the category's time, else the policy's; a reminder some time before."""
    policy = draft.rules.frozen
    category = policy.categories.get(draft.incident.category or "")
    rule = policy.acknowledged
    within = (category.resolve_within if category else None) or (rule.resolve_within if rule else None)
    if within is None:
        draft.due(None, None)
    elif rule is not None and rule.remind is not None and rule.remind < within:
        draft.due(DueKind.REMIND, draft.now + within - rule.remind)
    else:
        draft.due(DueKind.RESOLVE_WITHIN, draft.now + within)


def close(
    draft: ChangeDraft, outcome: Outcome, by: str | None, reference: str | None = None, *, reason: str = ""
) -> None:
    """End it; `by` None is automation.

    A reference (of a referral, say) is free text and stands with the content; `reason` is a word of ours.
    """
    if reference:
        said = Content({"reference": (draft.now, reference.strip())})
        draft.put(content=draft.incident.content.merged(said))
    draft.put(
        state=State.RESOLVED,
        outcome=outcome,
        first_answered_at=draft.incident.first_answered_at or draft.now,
        closed_at=draft.now,
        closed_by=by,
        reports_at_close=len(draft.incident.facts.values("report")),
        restarts=0,
        extensions=0,
        snoozes=0,
    )
    draft.due(None, None)
    draft.suppress = "resolved"
    draft.record(AuditAction.RESOLVED, reason, outcome=outcome.value)


def undo_close(draft: ChangeDraft, reason: str) -> None:
    """Take back that the incident is over; the round that follows says what it is instead."""
    draft.record(AuditAction.REOPENED, reason)
    draft.put(outcome=None, closed_at=None, closed_by=None, waiting_since=draft.now)


def reopen(draft: ChangeDraft, reason: str) -> None:
    """Trigger a resolved incident again, from the top, whatever its route says: somebody wants it handled."""
    undo_close(draft, reason)
    begin_round(draft, reason)
