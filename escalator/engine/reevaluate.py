"""Derive state, route and acknowledgements of an incident from all its facts (RULES 1).

The order in which events came does not matter. Whether a review counts depends on Stream's own times, and all else
follows from all the facts; so the events of one item, in any order and each any number of times, end in the same
state. There is one exception: a condition that no longer holds when more is known, such as `unless` or an exact
`severity`, leaves an incident on the higher of the routes that it has been on.
"""

from datetime import datetime

from escalator.engine.acknowledgement import (
    add_acknowledgement,
    apply_acknowledgements,
    close,
    missing_acknowledgements,
    request_another,
    undo_close,
)
from escalator.engine.categorize import assess
from escalator.engine.incident_change import ChangeDraft, PolicyPair
from escalator.engine.reviews import REVIEW, has_new_call, has_reviews, is_resolved_by_review, valid_reviewers
from escalator.engine.rounds import (
    count_automatic_round,
    freeze_policy,
    next_round,
    reassess,
    spend_reviews,
    start_path,
)
from escalator.engine.routing import route_rank
from escalator.engine.steps import send_if_silence_no_longer_matches
from escalator.model.audit import AuditAction
from escalator.model.incident import UNACKNOWLEDGED_STATES, Incident, Outcome, State
from escalator.model.policy import Policy


def reevaluate(draft: ChangeDraft, before: Incident) -> None:
    """Update state, route and acknowledgements from all facts; `before` is the incident without the new ones."""
    if draft.incident.state is State.RESOLVED:
        _reopen_if_needed(draft, before)
    elif _wants_round(draft.incident, before, draft.rules) and count_automatic_round(draft):
        start_round_from_facts(draft, "facts")
        if draft.incident.route != before.route:
            draft.record(AuditAction.MOVED, route=draft.incident.route or "default")
    else:
        _apply_reviews(draft)
        send_if_silence_no_longer_matches(draft)


def _reopen_if_needed(draft: ChangeDraft, before: Incident) -> None:
    """Reopen an incident that its reviews would not close now, or that has got worse since a person closed it.

    An event that reopens a closed incident and brings a review does not close it again: the flag wins. When the reviews
    are no longer known (the content is purged), the incident counts as closed by a person.
    """
    incident = draft.incident
    is_by_hand = (
        incident.outcome is not Outcome.REVIEWED_IN_STREAM
        or not _reviewers(incident)
        or not has_reviews(incident.facts)
    )
    is_wrong = _has_got_worse(incident, before, draft.rules.frozen) if is_by_hand else not _would_end(draft)
    if is_wrong and count_automatic_round(draft):
        undo_close(draft, "flagged_again")
        if is_by_hand:
            spend_reviews(draft)
        start_round_from_facts(draft, "flagged_again")


def _has_got_worse(incident: Incident, before: Incident, policy: Policy) -> bool:
    reports = len(incident.facts.values("report")) - incident.reports_at_close
    is_worse, _is_higher = _compare_gravity(incident, before, policy)
    is_called = has_new_call(incident.facts, before.facts, policy)
    return is_worse or is_called or reports >= policy.reopen_after_reports


def _compare_gravity(incident: Incident, before: Incident, policy: Policy) -> tuple[bool, bool]:
    """Return whether there is a new category or a higher severity, and whether the severity is higher.

    The incident's own former category and severity count too: they outlive the facts.
    """
    assessed, assessed_before = assess(incident.facts, policy), assess(before.facts, policy)
    is_new = not set(assessed.categories) <= {*assessed_before.categories, before.category}
    is_higher = assessed.severity > max(assessed_before.severity, before.severity)
    return is_new or is_higher, is_higher


def _would_end(draft: ChangeDraft) -> bool:
    """Whether the valid reviews would close the incident."""
    incident, policy = draft.incident, draft.rules.frozen
    reviewers = valid_reviewers(incident.facts, policy, draft.rules.running)
    _incident, routing = reassess(incident, policy)
    if not policy.paths.get(routing.path):
        return bool(reviewers)
    return len(reviewers) >= routing.acks_needed and is_resolved_by_review(incident, policy)


def _reviewers(incident: Incident) -> tuple[str, ...]:
    return tuple(answer.person for answer in incident.acknowledgements if answer.verb == REVIEW)


def _wants_round(incident: Incident, before: Incident, rules: PolicyPair) -> bool:
    """Whether an incident that is not closed needs a new round.

    It does when a higher route decides (if somebody holds it: only for a graver category or severity), when it was only
    logged and the route or default that decides now has steps, and when too few acknowledgements are left without the
    reviews that later flags outweigh. An incident that only reviews hold moves as if nobody held it: valid reviews
    close or hold it in the new round too, and nobody is notified. A member of a group also leaves it for a graver
    category or severity: it is of another kind then.
    """
    policy = rules.frozen
    _assessed, routing = reassess(incident, policy)
    has_steps = bool(policy.paths.get(routing.path))
    is_loud = has_steps or _may_fall_silent(incident, policy)
    is_higher = is_loud and routing.rank < route_rank(incident.route, policy)
    reviewers = valid_reviewers(incident.facts, policy, rules.running)
    valid_answers = [
        answer for answer in incident.acknowledgements if answer.verb != REVIEW or answer.person in reviewers
    ]
    if len(valid_answers) < min(len(incident.acknowledgements), incident.acks_needed):
        return True
    is_worse, has_higher_severity = _compare_gravity(incident, before, policy)
    if incident.state is State.GROUPED:
        return is_higher or is_worse
    if incident.state is State.LOGGED:
        return is_higher or has_steps
    if incident.state is State.TRIGGERED or len(_reviewers(incident)) == len(incident.acknowledgements):
        return is_higher
    return has_higher_severity or (is_higher and is_worse)


def start_round_from_facts(draft: ChangeDraft, reason: str, *, since: datetime | None = None) -> None:
    """Start the round that the facts ask for; when there are enough valid reviews, close or hold it without notifying.

    `since` is from when the first step's delay counts (now, unless given).
    """
    if draft.incident.state is not State.TRIGGERED:
        draft.put(waiting_since=draft.now)
    freeze_policy(draft, may_fall_silent=_may_fall_silent(draft.incident, draft.rules.frozen))
    next_round(draft, reason)
    draft.put(state=State.TRIGGERED, step=-1, send_number=0, restarts=0)
    _count_reviews(draft)
    if not draft.incident.acknowledgements or (draft.path and missing_acknowledgements(draft.incident)):
        start_path(draft, since or draft.now)
    else:
        _end_or_hold(draft)


def _may_fall_silent(incident: Incident, policy: Policy) -> bool:
    """Whether facts may move it to a path with no steps: not when a person holds, has held or has answered it."""
    if not incident.is_open:
        return True
    is_held_by_reviews = incident.state is State.ACKNOWLEDGED and len(_reviewers(incident)) == len(
        incident.acknowledgements
    )
    is_touched = incident.owner is not None or len(_reviewers(incident)) < len(incident.acknowledgements)
    _incident, routing = reassess(incident, policy)
    return (is_held_by_reviews or not is_touched) and not policy.paths.get(routing.path)


def _count_reviews(draft: ChangeDraft) -> bool:
    """Count valid reviews as acknowledgements of their authors; return whether one of them is new in this round."""
    rules = draft.rules
    are_new = [
        add_acknowledgement(draft, reviewer, REVIEW)
        for reviewer in valid_reviewers(draft.incident.facts, rules.frozen, rules.running)
    ]
    return any(are_new)


def _apply_reviews(draft: ChangeDraft) -> None:
    """Apply the valid reviews, together with the other acknowledgements of this round."""
    is_new = _count_reviews(draft)
    if not valid_reviewers(draft.incident.facts, draft.rules.frozen, draft.rules.running):
        return
    if draft.path and draft.incident.state in UNACKNOWLEDGED_STATES and missing_acknowledgements(draft.incident):
        if is_new:
            request_another(draft)
    else:
        _end_or_hold(draft)


def _end_or_hold(draft: ChangeDraft) -> None:
    if draft.path:
        apply_acknowledgements(draft)
    else:
        close(draft, Outcome.REVIEWED_IN_STREAM, draft.incident.reviewed_by or "")
