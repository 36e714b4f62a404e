"""Reviews in Stream: whose count, and which later events outweigh them (RULES 1).

All is decided from Stream's own times and all the facts, never from the order in which events came. A person's newest
review is the one that counts. A call for people (an escalation in Stream, a custom action that a route names, an
appeal that a route asks for) outweighs all reviews before it.
"""

from datetime import datetime, timedelta

from escalator.engine.categorize import Assessment, assess
from escalator.engine.routing import is_action_in_a_route, is_event_in_a_route
from escalator.model.facts import AUTOMATIC, CALL_PREFIX, Facts, Review
from escalator.model.incident import Incident
from escalator.model.policy import Policy

REVIEW = "review"
_NEWEST = "review:"
_SPENT = "reviews_spent"
_ESCALATE = "escalate"
_CUSTOM = "custom"
_CUSTOM_ACTION = "moderation.custom_action"
_APPEAL = "appeal."
_INSTANT = timedelta(microseconds=1)


def review_facts(review: Review) -> Facts:
    """Return the review as facts of the item."""
    return Facts({REVIEW: {review.by: review.at}}, {_NEWEST + review.by: (review.at, review.action)})


def discount_reviews(facts: Facts, reviewed_at: datetime | None) -> Facts:
    """Return facts in which no review up to `reviewed_at` counts: people or the clock have started a new round."""
    return facts if reviewed_at is None else facts.merged(Facts({}, {_SPENT: (reviewed_at, "")}))


def without_reviews(facts: Facts) -> Facts:
    """Return the facts as if nobody had reviewed the item."""
    seen = {name: sightings for name, sightings in facts.seen.items() if name != REVIEW}
    return Facts(seen, {name: value for name, value in facts.latest.items() if not name.startswith((_NEWEST, _SPENT))})


def reviewer_key(stream_id: str, policy: Policy) -> str:
    """Return the policy key of who reviewed in Stream, or `stream:ID` for somebody not in the policy."""
    known = (person.key for person in policy.people.values() if person.stream and person.stream == stream_id)
    return next(known, f"stream:{stream_id}")


def stream_ids_of_people(policy: Policy) -> frozenset[str]:
    """Return the ids in Stream of the policy's people."""
    return frozenset(person.stream for person in policy.people.values() if person.stream)


def valid_reviewers(facts: Facts, frozen: Policy, running: Policy) -> tuple[str, ...]:
    """Return the people (keys) whose review counts now, the earliest first."""
    spent = facts.latest.get(_SPENT)
    reviews = sorted(_newest(facts).items(), key=lambda review: (review[1], review[0]))
    counting = [stream_id for stream_id, at in reviews if spent is None or at > spent[0]]
    newest = dict(reviews)
    valid = [stream_id for stream_id in counting if not is_review_outweighed(facts, newest[stream_id], frozen)]
    # A reviewer without an id does not count beside named ones: it may be one of them.
    named = [stream_id for stream_id in valid if stream_id]
    return tuple(dict.fromkeys(reviewer_key(stream_id, running) for stream_id in named or valid))


def has_reviews(facts: Facts) -> bool:
    """Whether any review is known; none is after the facts are purged."""
    return bool(_newest(facts))


def _newest(facts: Facts) -> dict[str, datetime]:
    """Return when each person last reviewed. Of some only the first review is known, from an action log."""
    times = dict(facts.seen.get(REVIEW, {}))
    for name, (at, _action) in facts.latest.items():
        if name.startswith(_NEWEST):
            times[name.removeprefix(_NEWEST)] = at
    return times


def is_review_outweighed(facts: Facts, reviewed_at: datetime, policy: Policy) -> bool:
    """Whether later events in Stream outweigh a review. At the same instant a flag wins, a call for people loses."""
    reports = sum(at >= reviewed_at for at in facts.seen.get("report", {}).values())
    return (
        reports >= policy.reopen_after_reports
        or is_graver(assess(facts, policy), assess(facts.before(reviewed_at), policy))
        or has_new_call(facts, facts.before(reviewed_at + _INSTANT), policy)
    )


def is_graver(now: Assessment, then: Assessment) -> bool:
    """Whether there is a new category or a higher severity."""
    return not set(now.categories) <= set(then.categories) or now.severity > then.severity


def has_new_call(now: Facts, then: Facts, policy: Policy) -> bool:
    """Whether somebody has asked for people since: in Stream, or by an appeal that a route names."""
    before = _calls(then, policy)
    return any(name not in before or at > before[name] for name, at in _calls(now, policy).items())


def _calls(facts: Facts, policy: Policy) -> dict[str, datetime]:
    """Return when each call was last made. For an undated escalation that is when it was first seen."""
    first_seen = facts.seen.get("event", {})
    times = {
        name: at for name, at in first_seen.items() if name.startswith(_APPEAL) and is_event_in_a_route(name, policy)
    }
    undated = facts.seen.get("action", {}).get(_ESCALATE)
    if undated is not None and _ESCALATE not in facts.seen.get(AUTOMATIC, {}):
        times[_ESCALATE] = undated
    for name, (at, _action) in facts.latest.items():
        if name.startswith(CALL_PREFIX) and _is_call(name.removeprefix(CALL_PREFIX), policy):
            times[name.removeprefix(CALL_PREFIX)] = at
    return times


def _is_call(action: str, policy: Policy) -> bool:
    """Whether an action calls for people: an escalation does, a custom action where a route names it."""
    is_named = is_action_in_a_route(action, policy) or (
        action == _CUSTOM and is_event_in_a_route(_CUSTOM_ACTION, policy)
    )
    return action == _ESCALATE or is_named


def is_resolved_by_review(incident: Incident, policy: Policy) -> bool:
    """Whether a review ends the incident; not where any category that fits says that it only acknowledges."""
    keys = {*assess(incident.facts, policy).categories, incident.category}
    return all(category.review_resolves for key, category in policy.categories.items() if key in keys)
