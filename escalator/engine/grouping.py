"""Storms: which alerts are of one kind, and the group that stands for them.

Alerts that differ in source, mode, route, category, content rule or severity are of different kinds, because they go
to different people or say something else. So no message hides an alert of another kind, and a graver alert leaves its
group.
"""

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from escalator.engine.acknowledgement import close
from escalator.engine.categorize import Assessment, assess
from escalator.engine.incident_change import Change, ChangeDraft, PolicyPair
from escalator.engine.reviews import without_reviews
from escalator.engine.rounds import begin_round
from escalator.engine.routing import RoutingSubject, fact_values
from escalator.model.audit import SYSTEM, AuditAction, AuditEntry
from escalator.model.conditions import comparable_form
from escalator.model.incident import CLOSED_STATES, Incident, Outcome, State
from escalator.model.policy import Grouping, Policy
from escalator.stream import manual_incident

TEXT = "text"
_NOTIFICATION_PREFIXES = ("step.", "target.")


def starts_alerting(before: Incident | None, incident: Incident) -> bool:
    """Whether an incident that nobody has touched has just begun a round; `before` is None for a new one.

    What a person has opened is never grouped: a person asks for people. Nor is a drill: each rehearses by itself.
    """
    is_untouched = incident.state is State.TRIGGERED and not incident.acknowledgements and incident.owner is None
    begins = incident.round > (before.round if before else 0)
    is_by_hand = manual_incident.TYPE in incident.facts.values("event")
    is_one_of_many = not incident.is_group and incident.drill is None and not is_by_hand
    return begins and is_untouched and is_one_of_many


def grouping_key(incident: Incident, policy: Policy) -> str | None:
    """Return a digest that is equal for alerts of one kind; None for what is never grouped."""
    rule = policy.grouping
    if rule is None or incident.state is not State.TRIGGERED:
        return None
    text_values = [_values(name, incident) for name in rule.by]
    if not all(text_values):
        return None
    categories = assess(incident.facts, policy).categories
    routing = [incident.source, incident.mode, incident.route, incident.path, incident.assign, incident.acks_needed]
    classification = [incident.category, categories, incident.severity, incident.content_rule]
    return hashlib.sha256(json.dumps([routing, classification, text_values]).encode()).hexdigest()


def _values(name: str, incident: Incident) -> list[str]:
    if name == TEXT:
        text = " ".join(unicodedata.normalize("NFKC", incident.content[TEXT]).casefold().split())
        return [text] if text else []
    categories = () if incident.category is None else (incident.category,)
    assessment = Assessment(categories, incident.severity, incident.severity_reason, incident.content_rule)
    facts = fact_values(name, RoutingSubject(incident.source, incident.facts, assessment, incident.opened_at))
    return sorted({comparable_form(name, value) for value in facts})


def is_storm(begins_at: datetime, others: Sequence[datetime], rule: Grouping) -> bool:
    """Whether an alert joins a group: at least `rule.after` of the `others` were opened in `rule.within` before it."""
    return sum(at > begins_at - rule.within for at in others) >= rule.after


def join_group(change: Change, group: Incident, rules: PolicyPair, now: datetime) -> Change:
    """Return the change of an alert that joins a group: nobody is notified of it, and it has no deadline."""
    draft = ChangeDraft(change.incident, rules, now)
    draft.put(state=State.GROUPED, group_id=group.id, step=-1, send_number=0)
    draft.set_deadline(None, None)
    draft.record(AuditAction.GROUPED, group=str(group.id))
    joined = draft.to_change()
    kept = tuple(entry for entry in change.entries if not _is_about_notifying(entry))
    return replace(joined, entries=kept + joined.entries, alarms=change.alarms, suppress="grouped")


def _is_about_notifying(entry: AuditEntry) -> bool:
    return entry.action.value.startswith(_NOTIFICATION_PREFIXES)


def open_group(blank: Incident, first: Incident, members: int, rules: PolicyPair, now: datetime) -> Change:
    """Return a new group of `members` alerts that notifies at once. `blank` has its identity and times.

    It has the facts of its `first` member, so that routing it again gives the same route, but none of its content.
    """
    group = blank.changed(
        facts=without_reviews(first.facts),
        matched_categories=first.matched_categories,
        category_rules_digest=first.category_rules_digest,
        category=first.category,
        severity=first.severity,
        severity_reason=first.severity_reason,
        grouping_key=first.grouping_key,
        member_count=members,
        waiting_since=now,
        last_event_at=now,
    )
    draft = ChangeDraft(group, rules, now)
    draft.record(AuditAction.GROUP_OPENED, members=str(members))
    begin_round(draft, "storm")
    draft.put(content_rule=max(draft.incident.content_rule, first.content_rule))
    return draft.to_change()


def add_members(group: Incident, count: int, rules: PolicyPair, now: datetime) -> Change:
    """Return the group after `count` alerts have joined it."""
    draft = ChangeDraft(group, rules, now)
    draft.put(member_count=(group.member_count or 0) + count, last_event_at=now)
    return draft.to_change()


def remove_members(group: Incident, leaving: Sequence[Incident], rules: PolicyPair, now: datetime) -> Change:
    """Return the group after these have left it. A group with no members left is closed with the outcome of the
    last.
    """
    draft = ChangeDraft(group, rules, now)
    draft.put(member_count=max(0, (group.member_count or 0) - len(leaving)))
    if not draft.incident.member_count and group.state not in CLOSED_STATES:
        last = leaving[-1]
        close(draft, last.outcome or Outcome.DUPLICATE, last.closed_by or SYSTEM.key, reason="empty")
    return draft.to_change()


def close_member(group: Incident, member: Incident, rules: PolicyPair, now: datetime) -> Change:
    """Return a member of a closed group, closed with the same outcome."""
    draft = ChangeDraft(member, rules, now)
    close(draft, group.outcome or Outcome.DUPLICATE, group.closed_by or SYSTEM.key, reason="group")
    return draft.to_change()
