"""Apply an event to an incident: open, change, review or reopen it (RULES 1).

Here its facts are added; `escalator.engine.reevaluate` decides what follows from all facts together.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from escalator.engine.acknowledgement import apply_acknowledgements, missing_acknowledgements, reopen
from escalator.engine.categorize import assess, category_rules_digest
from escalator.engine.incident_change import Change, ChangeDraft, PolicyPair
from escalator.engine.reevaluate import reevaluate, start_round_from_facts
from escalator.engine.reviews import REVIEW, is_graver, review_facts, reviewer_key
from escalator.engine.rounds import begin_round, gravest_category, reassess
from escalator.engine.routing import is_event_in_a_route, routing_of_route
from escalator.model.audit import SYSTEM, Actor, AuditAction
from escalator.model.facts import Content, Facts, Observation, Review
from escalator.model.incident import UNACKNOWLEDGED_STATES, Acknowledgement, Incident, Outcome, State
from escalator.model.levels import ContentRule
from escalator.model.policy import Policy
from escalator.model.stream_action import ActionState, StreamAction

VIA = "stream"
ENTITY_JOIN_WINDOW = timedelta(hours=24)


def opens_incident(observation: Observation, policy: Policy) -> bool:
    """Whether an event about an unknown item opens an incident; a drill does as long as its route exists."""
    if observation.drill:
        return routing_of_route(observation.route, policy) is not None
    if observation.only_if_named:
        return is_event_in_a_route(observation.event_type, policy)
    return observation.opens


def open_incident(blank: Incident, observation: Observation, rules: PolicyPair, now: datetime) -> Change:
    """Return a new incident: on its path, logged, or already reviewed. `blank` has its identity, mode and times.

    An incident that a person opens is never only logged: a person asks for people.
    """
    actor = Actor("person", observation.opened_by) if observation.opened_by else SYSTEM
    blank = blank.changed(waiting_since=now, drill=observation.drill or None, route=observation.route or None)
    draft = ChangeDraft(blank, rules, now, actor, observation.via)
    draft.record(AuditAction.OPENED, observation.event_type)
    _record_recovery(draft, observation)
    _add_observation(draft, observation)
    if observation.opened_by:
        begin_round(draft, "opened")
    else:
        start_round_from_facts(draft, "opened", since=blank.opened_at)
    return _finish(draft)


def add_event(incident: Incident, observation: Observation, rules: PolicyPair, now: datetime) -> Change:
    """Return the incident after one more event about its item."""
    draft = ChangeDraft(incident, rules, now, via=VIA)
    draft.record(AuditAction.EVENT_JOINED, observation.event_type)
    _record_recovery(draft, observation)
    _add_observation(draft, observation)
    _reassess(draft)
    reevaluate(draft, incident)
    return _finish(draft)


def merge_incidents(older: Incident, younger: Incident, rules: PolicyPair, now: datetime) -> tuple[Change, Change]:
    """Return the older incident with the younger's facts and acknowledgements, and the younger as merged."""
    draft = ChangeDraft(older, rules, now, via=VIA)
    draft.record(AuditAction.MERGED, merged=str(younger.number))
    draft.put(matched_categories=tuple(sorted({*older.matched_categories, *younger.matched_categories})))
    _add_facts(draft, younger.facts, younger.content)
    if younger.reviewed_at is not None:
        _record_review(draft, younger.reviewed_at, younger.reviewed_by or "")
    draft.put(
        links={**younger.links, **older.links},
        has_legal_hold=older.has_legal_hold or younger.has_legal_hold,
        category=gravest_category(older.category, younger.category, rules.frozen),
        severity=max(older.severity, younger.severity),
    )
    _reassess(draft, at_least=younger.content_rule)
    reevaluate(draft, older)
    _carry_over(draft, older, younger)
    moved, proposed = _actions_to_move(younger)
    draft.withdraw_proposals()
    draft.put(stream_actions=_in_one(draft.incident, moved))
    merged_draft = ChangeDraft(younger, rules, now, via=VIA)
    merged_draft.put(state=State.MERGED, merged_into=older.id, closed_at=now, stream_actions=proposed)
    merged_draft.set_deadline(None, None)
    merged_draft.suppress = "merged"
    merged_draft.record(AuditAction.MERGED, into=str(older.number))
    return _finish(draft), merged_draft.to_change()


def _in_one(older: Incident, moved: Iterable[StreamAction]) -> tuple[StreamAction, ...]:
    """Return the actions of both, the oldest first; those that were moved belong to the present round."""
    joined = (*older.stream_actions, *(replace(action, round=older.round) for action in moved))
    return tuple(sorted(joined, key=lambda action: (action.requested_at, action.id)))


def _actions_to_move(younger: Incident) -> tuple[tuple[StreamAction, ...], tuple[StreamAction, ...]]:
    """Return the actions in Stream that go on with the other incident, and those that end unapproved."""
    proposed = tuple(action for action in younger.stream_actions if action.state is ActionState.PROPOSED)
    return tuple(action for action in younger.stream_actions if action not in proposed), proposed


def _finish(draft: ChangeDraft) -> Change:
    """Trim the facts to their limit, now that all of them have been used, and return the change."""
    draft.put(facts=draft.incident.facts.trimmed())
    return draft.to_change()


def _record_recovery(draft: ChangeDraft, observation: Observation) -> None:
    if observation.was_lost:
        draft.record(AuditAction.RECOVERED)
    if observation.confirmed:
        draft.record(AuditAction.STREAM_CONFIRMED)


def _add_observation(draft: ChangeDraft, observation: Observation) -> None:
    review = observation.review
    facts = observation.facts if review is None else observation.facts.joined(review_facts(review))
    draft.put(links={**observation.links, **draft.incident.links}, last_event_at=draft.now)
    _add_facts(draft, facts, observation.content)
    if review is not None:
        _record_review(draft, review.at, reviewer_key(review.by, draft.rules.running), review)


def _add_facts(draft: ChangeDraft, facts: Facts, content: Content) -> None:
    """Add facts and content; the addresses of withheld media are dropped at once."""
    incident = draft.incident
    known = incident.facts.joined(facts)
    assessments = [assess(known, policy) for policy in (draft.rules.frozen, draft.rules.running)]
    merged = incident.content.merged(content)
    is_withheld = (
        max(incident.content_rule, *(assessment.content for assessment in assessments)) is ContentRule.WITHHOLD
    )
    fits = sorted({*incident.matched_categories, *(key for assessment in assessments for key in assessment.categories)})
    draft.put(facts=known, content=merged.without("media") if is_withheld else merged)
    draft.put(matched_categories=tuple(fits), category_rules_digest=category_rules_digest(draft.rules.running))


def _record_review(draft: ChangeDraft, at: datetime, person: str, review: Review | None = None) -> None:
    """Keep the newest review of all, for people to see."""
    incident = draft.incident
    if incident.reviewed_at is None or (at, person) > (incident.reviewed_at, incident.reviewed_by or ""):
        draft.put(reviewed_at=at, reviewed_by=person)
        if review is not None:
            draft.record(AuditAction.REVIEW_NOTED, review.action, by=person)


def _reassess(draft: ChangeDraft, at_least: ContentRule = ContentRule.SHOW) -> None:
    """Let categories and content rule only get stricter, and severity only higher."""
    before = draft.incident
    after, _routing = reassess(before, draft.rules.frozen)
    draft.incident = after = after.changed(content_rule=max(after.content_rule, at_least))
    if (after.category, after.severity) != (before.category, before.severity):
        draft.record(AuditAction.CHANGED, category=after.category or "", severity=after.severity.value)
    if after.content_rule > before.content_rule:
        visible_s = int((draft.now - before.opened_at).total_seconds())
        draft.record(
            AuditAction.REDACTED, before=before.content_rule, after=after.content_rule, visible_s=str(visible_s)
        )


def _carry_over(draft: ChangeDraft, older: Incident, younger: Incident) -> None:
    """Apply what people did to the younger incident to the older one.

    A merge alone never closes an open incident: where the older was closed by a person, or more than a day before the
    younger was opened, it is reopened.
    """
    if draft.incident.state is State.RESOLVED and younger.is_open and _is_another_matter(older, younger):
        reopen(draft, "merged")
    carried = tuple(answer for answer in younger.acknowledgements if answer.verb != REVIEW)
    if draft.incident.state in {*UNACKNOWLEDGED_STATES, State.LOGGED} and carried and not _is_worse(draft, younger):
        _add_answers(draft, carried)


def _is_another_matter(older: Incident, younger: Incident) -> bool:
    if older.outcome is not Outcome.REVIEWED_IN_STREAM or older.closed_at is None:
        return True
    return younger.opened_at - older.closed_at > ENTITY_JOIN_WINDOW


def _is_worse(draft: ChangeDraft, younger: Incident) -> bool:
    policy = draft.rules.frozen
    return is_graver(assess(draft.incident.facts, policy), assess(younger.facts, policy))


def _add_answers(draft: ChangeDraft, carried: tuple[Acknowledgement, ...]) -> None:
    known = {answer.person for answer in draft.incident.acknowledgements}
    new_answers = tuple(answer for answer in carried if answer.person not in known)
    draft.put(acknowledgements=(*draft.incident.acknowledgements, *new_answers))
    if not missing_acknowledgements(draft.incident):
        draft.put(state=State.TRIGGERED)
        apply_acknowledgements(draft)
