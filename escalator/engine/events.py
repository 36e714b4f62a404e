"""What an event does to an incident: opens it, changes it, reviews it, reopens it (RULES 1).

An event is taken in here; `escalator.engine.reconcile` says what follows from all that is known then.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from escalator.engine.acknowledgement import apply_acknowledgements, missing_acknowledgements, reopen
from escalator.engine.categorize import assess, category_rules_digest
from escalator.engine.incident_change import Change, ChangeDraft, Rules
from escalator.engine.reconcile import reconcile, start_round_from_facts
from escalator.engine.reviews import REVIEW, is_graver, review_facts, reviewer_key
from escalator.engine.rounds import begin_round, gravest_category, reassess
from escalator.engine.routing import is_event_in_a_route, routing_of_route
from escalator.model.audit import SYSTEM, Actor, AuditAction
from escalator.model.facts import Content, Facts, Observation, Review
from escalator.model.incident import UNACKNOWLEDGED_STATES, Acknowledgement, Incident, Outcome, State
from escalator.model.levels import ContentRule
from escalator.model.policy import Policy

VIA = "stream"
ENTITY_JOIN_WINDOW = timedelta(hours=24)


def opens_incident(observation: Observation, policy: Policy) -> bool:
    """Whether an event about an item that nobody knows opens an incident; a drill, as long as its route is there."""
    if observation.drill:
        return routing_of_route(observation.route, policy) is not None
    if observation.only_if_named:
        return is_event_in_a_route(observation.event_type, policy)
    return observation.opens


def open_incident(blank: Incident, observation: Observation, rules: Rules, now: datetime) -> Change:
    """Return a new incident: on its path, logged, or already reviewed. `blank` has its identity, mode and times.

    What a person opens is never only logged: a person asks for people.
    """
    actor = Actor("person", observation.opened_by) if observation.opened_by else SYSTEM
    blank = replace(blank, waiting_since=now, drill=observation.drill or None, route=observation.route or None)
    draft = ChangeDraft(blank, rules, now, actor, observation.via)
    draft.record(AuditAction.OPENED, observation.event_type)
    _hear(draft, observation)
    if observation.opened_by:
        begin_round(draft, "opened")
    else:
        start_round_from_facts(draft, "opened", since=blank.opened_at)
    return _done(draft)


def add_event(incident: Incident, observation: Observation, rules: Rules, now: datetime) -> Change:
    """Return the incident after one more event about its item."""
    draft = ChangeDraft(incident, rules, now, via=VIA)
    draft.record(AuditAction.EVENT_JOINED, observation.event_type)
    _hear(draft, observation)
    _reassess(draft)
    reconcile(draft, incident)
    return _done(draft)


def merge_incidents(older: Incident, younger: Incident, rules: Rules, now: datetime) -> tuple[Change, Change]:
    """Return the older incident with the younger's facts and answers, and the younger, merged away."""
    draft = ChangeDraft(older, rules, now, via=VIA)
    draft.record(AuditAction.MERGED, merged=str(younger.number))
    draft.put(fits=tuple(sorted({*older.fits, *younger.fits})))
    _learn(draft, younger.facts, younger.content)
    if younger.reviewed_at is not None:
        _note_review(draft, younger.reviewed_at, younger.reviewed_by or "")
    draft.put(
        links={**younger.links, **older.links},
        hold=older.hold or younger.hold,
        category=gravest_category(older.category, younger.category, rules.frozen),
        severity=max(older.severity, younger.severity),
    )
    _reassess(draft, at_least=younger.content_rule)
    reconcile(draft, older)
    _carry_over(draft, older, younger)
    gone = ChangeDraft(younger, rules, now, via=VIA)
    gone.put(state=State.MERGED, merged_into=older.id, closed_at=now)
    gone.due(None, None)
    gone.suppress = "merged"
    gone.record(AuditAction.MERGED, into=str(older.number))
    return _done(draft), gone.done()


def _done(draft: ChangeDraft) -> Change:
    """Keep of the facts what there is room for, now that all of them have been decided by."""
    draft.put(facts=draft.incident.facts.trimmed())
    return draft.done()


def _hear(draft: ChangeDraft, observation: Observation) -> None:
    review = observation.review
    facts = observation.facts if review is None else observation.facts.joined(review_facts(review))
    draft.put(links={**observation.links, **draft.incident.links}, last_event_at=draft.now)
    _learn(draft, facts, observation.content)
    if review is not None:
        _note_review(draft, review.at, reviewer_key(review.by, draft.rules.running), review)


def _learn(draft: ChangeDraft, facts: Facts, content: Content) -> None:
    """Take in what is new; the addresses of withheld media are forgotten at once."""
    incident = draft.incident
    known = incident.facts.joined(facts)
    assessments = [assess(known, policy) for policy in (draft.rules.frozen, draft.rules.running)]
    said = incident.content.merged(content)
    is_withheld = max(incident.content_rule, *(one.content for one in assessments)) is ContentRule.WITHHOLD
    fits = sorted({*incident.fits, *(key for one in assessments for key in one.categories)})
    draft.put(facts=known, content=said.without("media") if is_withheld else said)
    draft.put(fits=tuple(fits), fits_by=category_rules_digest(draft.rules.running))


def _note_review(draft: ChangeDraft, at: datetime, person: str, review: Review | None = None) -> None:
    """Remember the newest review of all, for people to see."""
    incident = draft.incident
    if incident.reviewed_at is None or (at, person) > (incident.reviewed_at, incident.reviewed_by or ""):
        draft.put(reviewed_at=at, reviewed_by=person)
        if review is not None:
            draft.record(AuditAction.REVIEW_NOTED, review.action, by=person)


def _reassess(draft: ChangeDraft, at_least: ContentRule = ContentRule.SHOW) -> None:
    """Let categories and content rule only get stricter, and severity only higher."""
    before = draft.incident
    after, _routing = reassess(before, draft.rules.frozen)
    draft.incident = after = replace(after, content_rule=max(after.content_rule, at_least))
    if (after.category, after.severity) != (before.category, before.severity):
        draft.record(AuditAction.CHANGED, category=after.category or "", severity=after.severity.value)
    if after.content_rule > before.content_rule:
        visible_s = int((draft.now - before.opened_at).total_seconds())
        draft.record(
            AuditAction.REDACTED, before=before.content_rule, after=after.content_rule, visible_s=str(visible_s)
        )


def _carry_over(draft: ChangeDraft, older: Incident, younger: Incident) -> None:
    """Let what people did to the younger incident count for the older one.

    An open one never ends by a merge alone: where the older was closed by a person, or over a day before the younger
    was opened, it is open again.
    """
    if draft.incident.state is State.RESOLVED and younger.is_open and _is_another_matter(older, younger):
        reopen(draft, "merged")
    carried = tuple(given for given in younger.answers if given.verb != REVIEW)
    if draft.incident.state in {*UNACKNOWLEDGED_STATES, State.LOGGED} and carried and not _is_worse(draft, younger):
        _give_answers(draft, carried)


def _is_another_matter(older: Incident, younger: Incident) -> bool:
    if older.outcome is not Outcome.REVIEWED_IN_STREAM or older.closed_at is None:
        return True
    return younger.opened_at - older.closed_at > ENTITY_JOIN_WINDOW


def _is_worse(draft: ChangeDraft, younger: Incident) -> bool:
    policy = draft.rules.frozen
    return is_graver(assess(draft.incident.facts, policy), assess(younger.facts, policy))


def _give_answers(draft: ChangeDraft, carried: tuple[Acknowledgement, ...]) -> None:
    known = {given.person for given in draft.incident.answers}
    fresh = tuple(given for given in carried if given.person not in known)
    draft.put(answers=(*draft.incident.answers, *fresh))
    if not missing_acknowledgements(draft.incident):
        draft.put(state=State.TRIGGERED)
        apply_acknowledgements(draft)
