"""Storms: which alerts are of one kind, and the group that tells of them instead of each for itself.

Nothing is grouped with what is not told to the same people in the same words: whatever differs in source, mode, route,
category, content rule or severity is of another kind. So nothing is hidden in a message about something else, and what
is graver breaks out by itself.
"""

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from escalator.engine.acknowledgement import close
from escalator.engine.categorize import Assessment, assess
from escalator.engine.incident_change import Change, ChangeDraft, Rules
from escalator.engine.reviews import without_reviews
from escalator.engine.rounds import begin_round
from escalator.engine.routing import RoutingSubject, fact_values
from escalator.model.audit import SYSTEM, AuditAction, AuditEntry
from escalator.model.conditions import comparable_form
from escalator.model.incident import CLOSED_STATES, Incident, Outcome, State
from escalator.model.policy import Grouping, Policy
from escalator.stream import manual_incident

TEXT = "text"
_ABOUT_TELLING = ("step.", "target.")


def starts_alerting(before: Incident | None, incident: Incident) -> bool:
    """Whether facts have just begun to ring for an incident that nobody has touched; `before` is None for a new one.

    What a person has opened is never grouped: a person asks for people. Nor is a drill: each is its own rehearsal.
    """
    is_untouched = incident.state is State.TRIGGERED and not incident.answers and incident.owner is None
    begins = incident.round > (before.round if before else 0)
    is_by_hand = manual_incident.TYPE in incident.facts.values("event")
    is_one_of_many = not incident.is_group and incident.drill is None and not is_by_hand
    return begins and is_untouched and is_one_of_many


def grouping_key(incident: Incident, policy: Policy) -> str | None:
    """Return a digest that is equal for alerts of one kind; None for what no storm may take."""
    rule = policy.grouping
    if rule is None or incident.state is not State.TRIGGERED:
        return None
    values = [_values(name, incident) for name in rule.by]
    if not all(values):
        return None
    categories = assess(incident.facts, policy).categories
    told = [incident.source, incident.mode, incident.route, incident.path, incident.assign, incident.acks_needed]
    what = [incident.category, categories, incident.severity, incident.content_rule]
    return hashlib.sha256(json.dumps([told, what, values]).encode()).hexdigest()


def _values(name: str, incident: Incident) -> list[str]:
    if name == TEXT:
        text = " ".join(unicodedata.normalize("NFKC", incident.content[TEXT]).casefold().split())
        return [text] if text else []
    categories = () if incident.category is None else (incident.category,)
    judged = Assessment(categories, incident.severity, incident.severity_reason, incident.content_rule)
    known = fact_values(name, RoutingSubject(incident.source, incident.facts, judged, incident.opened_at))
    return sorted({comparable_form(name, value) for value in known})


def is_storm(begins_at: datetime, others: Sequence[datetime], rule: Grouping) -> bool:
    """Whether an alert is told by a group: so many `others` of its kind have been opened within the time before it."""
    return sum(at > begins_at - rule.within for at in others) >= rule.after


def join_group(change: Change, group: Incident, rules: Rules, now: datetime) -> Change:
    """Return the change of an alert that a group tells of instead: nobody is told, and nothing is due."""
    draft = ChangeDraft(change.incident, rules, now)
    draft.put(state=State.GROUPED, group_id=group.id, step=-1, sending=0)
    draft.due(None, None)
    draft.record(AuditAction.GROUPED, group=str(group.id))
    joined = draft.done()
    kept = tuple(entry for entry in change.entries if not _is_about_telling(entry))
    return replace(joined, entries=kept + joined.entries, alarms=change.alarms, suppress="grouped")


def _is_about_telling(entry: AuditEntry) -> bool:
    return entry.action.value.startswith(_ABOUT_TELLING)


def open_group(blank: Incident, first: Incident, members: int, rules: Rules, now: datetime) -> Change:
    """Return a new group of so many, told at once. `blank` has its identity and times, `first` is its first member.

    It has the facts of the first, so that whatever asks again which route decides finds the same; none of its content.
    """
    group = replace(
        blank,
        facts=without_reviews(first.facts),
        fits=first.fits,
        fits_by=first.fits_by,
        category=first.category,
        severity=first.severity,
        severity_reason=first.severity_reason,
        kind_key=first.kind_key,
        members=members,
        waiting_since=now,
        last_event_at=now,
    )
    draft = ChangeDraft(group, rules, now)
    draft.record(AuditAction.GROUP_OPENED, members=str(members))
    begin_round(draft, "storm")
    draft.put(content_rule=max(draft.incident.content_rule, first.content_rule))
    return draft.done()


def add_members(group: Incident, by: int, rules: Rules, now: datetime) -> Change:
    """Return the group after so many have joined it."""
    draft = ChangeDraft(group, rules, now)
    draft.put(members=(group.members or 0) + by, last_event_at=now)
    return draft.done()


def remove_members(group: Incident, gone: Sequence[Incident], rules: Rules, now: datetime) -> Change:
    """Return the group after these have left it. One with none left is over: as the last of them, if that is."""
    draft = ChangeDraft(group, rules, now)
    draft.put(members=max(0, (group.members or 0) - len(gone)))
    if not draft.incident.members and group.state not in CLOSED_STATES:
        last = gone[-1]
        close(draft, last.outcome or Outcome.DUPLICATE, last.closed_by or SYSTEM.key, reason="empty")
    return draft.done()


def close_member(group: Incident, member: Incident, rules: Rules, now: datetime) -> Change:
    """Return what becomes of a member whose group is over: it has ended as the group has."""
    draft = ChangeDraft(member, rules, now)
    close(draft, group.outcome or Outcome.DUPLICATE, group.closed_by or SYSTEM.key, reason="group")
    return draft.done()
