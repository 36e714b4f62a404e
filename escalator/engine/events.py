"""What an event does to an incident: opens it, changes it, reviews it, reopens it (RULES 1).

The facts of one item merge without regard to order, and whether a review stands is asked of Stream's own times; so
the events of one item, in any order and each any number of times, end in the same state.
"""

from dataclasses import replace
from datetime import datetime

from escalator.engine.answers import REVIEW, answers_missing, ask_one_more, close, conclude, count_answer, reopen
from escalator.engine.change import Change, Draft, Rules
from escalator.engine.classify import Assessment, assess
from escalator.engine.rounds import assessed, begin_round, freeze, may_loop, next_round, start_path
from escalator.engine.routing import names_event, rank_of
from escalator.model.facts import Content, Facts, Observation, Review
from escalator.model.incident import Incident, Outcome, State
from escalator.model.policy import Policy
from escalator.model.ranks import ContentRule
from escalator.model.records import Action

VIA = "stream"


def is_wanted(observation: Observation, policy: Policy) -> bool:
    """Whether an event about an item that nobody knows opens an incident."""
    if observation.only_if_named:
        return names_event(observation.event_type, policy)
    return observation.opens


def open_incident(blank: Incident, observation: Observation, rules: Rules, now: datetime) -> Change:
    """Return a new incident: on its path, logged, or already reviewed. `blank` has its identity, mode and times."""
    draft = Draft(replace(blank, waiting_since=now), rules, now, via=VIA)
    draft.record(Action.OPENED, observation.event_type)
    _learn(draft, observation.facts, observation.content, observation)
    if _note_review(draft, observation.review) and _review_stands(draft.incident, rules.running):
        _start_reviewed(draft, since=blank.opened_at)
    else:
        begin_round(draft, "opened", since=blank.opened_at)
    return draft.done()


def absorb(incident: Incident, observation: Observation, rules: Rules, now: datetime) -> Change:
    """Return the incident after one more event about its item."""
    draft = Draft(incident, rules, now, via=VIA)
    draft.record(Action.EVENT_JOINED, observation.event_type)
    _learn(draft, observation.facts, observation.content, observation)
    _reassess(draft)
    _settle(draft, incident, is_reviewed_anew=_note_review(draft, observation.review))
    return draft.done()


def merge(older: Incident, younger: Incident, rules: Rules, now: datetime) -> tuple[Change, Change]:
    """Return the older incident with the younger's facts and answers, and the younger, merged away."""
    draft = Draft(older, rules, now, via=VIA)
    draft.record(Action.MERGED, merged=str(younger.number))
    _learn(draft, younger.facts, younger.content, None)
    draft.put(links={**younger.links, **older.links})
    _reassess(draft)
    is_newer = younger.reviewed_at is not None and (
        older.reviewed_at is None or younger.reviewed_at > older.reviewed_at
    )
    if is_newer:
        draft.put(reviewed_at=younger.reviewed_at, reviewed_by=younger.reviewed_by)
    _settle(draft, older, is_reviewed_anew=is_newer)
    _carry_answers(draft, older, younger)
    gone = Draft(younger, rules, now, via=VIA)
    gone.put(state=State.MERGED, merged_into=older.id, closed_at=now)
    gone.due(None, None)
    gone.suppress = "merged"
    gone.record(Action.MERGED, into=str(older.number))
    return draft.done(), gone.done()


def _carry_answers(draft: Draft, older: Incident, younger: Incident) -> None:
    if draft.incident.state is State.RESOLVED:
        if younger.is_open and older.outcome is not Outcome.REVIEWED_IN_STREAM:
            reopen(draft, "merged")
        return
    if draft.incident.state is not State.TRIGGERED or not younger.answers:
        return
    known = {given.person for given in draft.incident.answers}
    fresh = tuple(given for given in younger.answers if given.person not in known)
    draft.put(answers=(*draft.incident.answers, *fresh))
    if not answers_missing(draft.incident):
        conclude(draft)


def _learn(draft: Draft, facts: Facts, content: Content, observation: Observation | None) -> None:
    """Take in what is new; the addresses of withheld media are forgotten at once."""
    incident = draft.incident
    if observation is not None:
        draft.put(links={**observation.links, **incident.links}, last_event_at=draft.now)
        if observation.review is not None:
            facts = facts.merged(Facts({REVIEW: {observation.review.by: observation.review.at}}))
    merged = incident.facts.merged(facts)
    rule = max(incident.content_rule, assess(merged, draft.rules.frozen).content)
    all_content = incident.content.merged(content)
    draft.put(facts=merged, content=all_content.without("media") if rule is ContentRule.WITHHOLD else all_content)


def _reassess(draft: Draft) -> None:
    """Let categories and content rule only get stricter, and severity only higher."""
    before = draft.incident
    after, _routing = assessed(before, draft.rules.frozen)
    draft.incident = after
    if (after.category, after.severity) != (before.category, before.severity):
        draft.record(Action.CHANGED, category=after.category or "", severity=after.severity.value)
    if after.content_rule > before.content_rule:
        visible_s = int((draft.now - before.opened_at).total_seconds())
        draft.record(Action.REDACTED, before=before.content_rule, after=after.content_rule, visible_s=str(visible_s))


def _note_review(draft: Draft, review: Review | None) -> bool:
    """Remember the newest review, and return whether this one is newer than the last that counted."""
    reviewed_at = draft.incident.reviewed_at
    if review is None or (reviewed_at is not None and review.at <= reviewed_at):
        return False
    person = reviewer(review.by, draft.rules.running)
    draft.put(reviewed_at=review.at, reviewed_by=person)
    draft.record(Action.REVIEW_NOTED, review.action, by=person)
    return True


def reviewer(stream_id: str, policy: Policy) -> str:
    """Return the policy key of who reviewed in Stream, or `stream:ID` for somebody not in the policy."""
    known = (person.key for person in policy.people.values() if person.stream and person.stream == stream_id)
    return next(known, f"stream:{stream_id}")


def _review_stands(incident: Incident, policy: Policy) -> bool:
    return incident.reviewed_at is not None and not _flagged_since(incident.facts, incident.reviewed_at, policy)


def _flagged_since(facts: Facts, reviewed_at: datetime, policy: Policy) -> bool:
    """Whether what Stream said at or after a review outweighs it: at the same instant the flag wins."""
    reports = sum(at >= reviewed_at for at in facts.seen.get("report", {}).values())
    return reports >= policy.reopen_after_reports or _is_graver(
        assess(facts, policy), assess(facts.before(reviewed_at), policy)
    )


def _is_graver(now: Assessment, before: Assessment) -> bool:
    """Whether there is a new category or a higher severity."""
    return not set(now.categories) <= set(before.categories) or now.severity > before.severity


def _settle(draft: Draft, before: Incident, *, is_reviewed_anew: bool) -> None:
    """Bring state and route up to what all the facts say."""
    if draft.incident.state is State.RESOLVED:
        _settle_resolved(draft, before)
        return
    stands = _review_stands(draft.incident, draft.rules.frozen)
    has_moved = _move(draft, before, review_stands=stands)
    if stands and (is_reviewed_anew or has_moved):
        _apply_reviews(draft)


def _settle_resolved(draft: Draft, before: Incident) -> None:
    incident, policy = draft.incident, draft.rules.frozen
    if incident.outcome is not Outcome.REVIEWED_IN_STREAM:
        reports = len(incident.facts.values("report")) - incident.reports_at_close
        is_graver = _is_graver(assess(incident.facts, policy), assess(before.facts, policy))
        if (is_graver or reports >= policy.reopen_after_reports) and may_loop(draft):
            reopen(draft, "flagged_again")
    elif not _review_stands(incident, policy):
        if may_loop(draft):
            reopen(draft, "flagged_again")
    elif not _would_end(incident, policy):
        draft.put(outcome=None, closed_at=None, closed_by=None)
        _start_reviewed(draft, since=draft.now)


def _would_end(incident: Incident, policy: Policy) -> bool:
    """Whether the reviews known would still end the incident, now that more is known of the item."""
    _incident, routing = assessed(incident, policy)
    category = policy.categories.get(incident.category or "")
    if not policy.paths.get(routing.path):
        return True
    resolves = category is None or category.review_resolves
    return resolves and len(_standing_reviewers(incident, policy)) >= routing.acks_needed


def _standing_reviewers(incident: Incident, policy: Policy) -> tuple[str, ...]:
    """Return who reviewed in Stream since the last flag that outweighs a review, the first first."""
    reviews = sorted(incident.facts.seen.get(REVIEW, {}).items(), key=lambda review: (review[1], review[0]))
    standing = [by for by, at in reviews if not _flagged_since(incident.facts, at, policy)]
    return tuple(dict.fromkeys(reviewer(by, policy) for by in standing))


def _start_reviewed(draft: Draft, since: datetime) -> None:
    """Begin a round whose item is reviewed already: tell nobody, unless more people must answer."""
    freeze(draft, may_fall_silent=True)
    next_round(draft, REVIEW)
    _count_reviews(draft)
    if not draft.path:
        close(draft, Outcome.REVIEWED_IN_STREAM, draft.incident.reviewed_by or "")
    elif answers_missing(draft.incident):
        start_path(draft, since)
    else:
        conclude(draft)


def _count_reviews(draft: Draft) -> bool:
    counted = {given.person for given in draft.incident.answers}
    fresh = [by for by in _standing_reviewers(draft.incident, draft.rules.running) if by not in counted]
    for person in fresh:
        count_answer(draft, person, REVIEW)
    return bool(fresh)


def _apply_reviews(draft: Draft) -> None:
    """Count the reviews in Stream as their authors' answers, and do what enough answers amount to."""
    is_fresh = _count_reviews(draft)
    if not draft.path:
        close(draft, Outcome.REVIEWED_IN_STREAM, draft.incident.reviewed_by or "")
    elif draft.incident.state is State.TRIGGERED and answers_missing(draft.incident):
        if is_fresh:
            ask_one_more(draft)
    else:
        conclude(draft)


def _move(draft: Draft, before: Incident, *, review_stands: bool) -> bool:
    """Move to the route that decides now, where it stands higher in the file; an answered one only for graver facts."""
    incident, policy = draft.incident, draft.rules.frozen
    _assessed, routing = assessed(incident, policy)
    is_higher = routing.rank < rank_of(incident.route, policy)
    if incident.state in {State.TRIGGERED, State.LOGGED}:
        wants = is_higher
    else:
        wants = _is_retriggered(incident, before, policy, is_higher=is_higher, review_stands=review_stands)
    if not wants or not may_loop(draft):
        return False
    draft.record(Action.MOVED, route=routing.route or "default")
    begin_round(draft, "facts", may_fall_silent=not incident.is_open or incident.state is State.TRIGGERED)
    return True


def _is_retriggered(
    incident: Incident, before: Incident, policy: Policy, *, is_higher: bool, review_stands: bool
) -> bool:
    if review_stands and any(given.verb == REVIEW for given in incident.answers):
        return False
    now, then = assess(incident.facts, policy), assess(before.facts, policy)
    return now.severity > then.severity or (is_higher and _is_graver(now, then))
