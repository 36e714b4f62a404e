"""Drills: category and severity for rehearsing a route, whether it was acknowledged in time, and its end."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from escalator.engine.acknowledgement import close
from escalator.engine.incident_change import Change, ChangeDraft, PolicyPair
from escalator.model.audit import AuditAction
from escalator.model.incident import CLOSED_STATES, Incident, Outcome
from escalator.model.levels import Severity
from escalator.model.policy import Policy, Route


def rehearsed_category_and_severity(route: Route, policy: Policy) -> tuple[str, Severity]:
    """Return category (empty for none) and severity of a typical incident of this route.

    That is the first category that the route names, and the lowest severity that the route and the category allow.
    """
    conditions = route.when.tests
    key = next((key for key in conditions.get("category", ()) if key in policy.categories), "")
    floor = policy.categories[key].at_least if key else Severity.UNKNOWN
    return key, max(
        floor, _lowest_severity(conditions.get("severity", ())), _lowest_severity(conditions.get("min_severity", ()))
    )


def _lowest_severity(words: Iterable[str]) -> Severity:
    known = {severity.value: severity for severity in Severity}
    return min((known[word] for word in words if word in known), default=Severity.UNKNOWN)


class RecordedAction(NamedTuple):
    """One recorded action on a drill's incident: what, by whom and when."""

    at: datetime
    action: AuditAction
    actor: str


class DrillAcknowledgement(NamedTuple):
    """The people (keys) who together acknowledged a drill, and when there were enough of them."""

    at: datetime
    people: tuple[str, ...]


_ACKNOWLEDGING_ACTIONS = frozenset({AuditAction.ACKNOWLEDGED, AuditAction.SNOOZED})


def drill_acknowledgement(actions: Iterable[RecordedAction], expected_by: datetime) -> DrillAcknowledgement | None:
    """Return who acknowledged in time, or None.

    `actions` are the audit records, the oldest first: they still show an acknowledgement after the incident has
    changed.
    """
    people: list[str] = []
    for at, action, actor in actions:
        if at > expected_by:
            break
        if action is AuditAction.ROUND_STARTED:
            people = []
        elif action is AuditAction.ANSWERED:
            people.append(actor)
        elif action in _ACKNOWLEDGING_ACTIONS:
            return DrillAcknowledgement(at, tuple(dict.fromkeys((*people, actor))))
    return None


def end_drill(incident: Incident, rules: PolicyPair, now: datetime) -> Change:
    """Return the end of a drill that is passed or failed: nobody is notified any more, and no deadline is left."""
    draft = ChangeDraft(incident, rules, now)
    if incident.state not in CLOSED_STATES:
        close(draft, Outcome.TEST, None)
    return draft.to_change()
