"""Drills: by what an incident rehearses a route, whether it was answered in time, and its end."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from escalator.engine.acknowledgement import close
from escalator.engine.incident_change import Change, ChangeDraft, Rules
from escalator.model.audit import AuditAction
from escalator.model.incident import CLOSED_STATES, Incident, Outcome
from escalator.model.levels import Severity
from escalator.model.policy import Policy, Route


def rehearsed_category_and_severity(route: Route, policy: Policy) -> tuple[str, Severity]:
    """Return category (empty for none) and severity of an incident such as this route is for.

    It is of the first category that the route names, and of the least severity that the route or the category asks for.
    """
    wanted = route.when.tests
    key = next((key for key in wanted.get("category", ()) if key in policy.categories), "")
    floor = policy.categories[key].at_least if key else Severity.UNKNOWN
    return key, max(floor, _least(wanted.get("severity", ())), _least(wanted.get("min_severity", ())))


def _least(words: Iterable[str]) -> Severity:
    known = {severity.value: severity for severity in Severity}
    return min((known[word] for word in words if word in known), default=Severity.UNKNOWN)


class RecordedAction(NamedTuple):
    """What was done to a drill's incident, by whom and when, as it is recorded."""

    at: datetime
    action: AuditAction
    actor: str


class DrillAcknowledgement(NamedTuple):
    """The people (keys) who together have answered a drill, and when there were enough of them."""

    at: datetime
    people: tuple[str, ...]


_TAKES = frozenset({AuditAction.ACKNOWLEDGED, AuditAction.SNOOZED})


def drill_acknowledgement(done: Iterable[RecordedAction], expected_by: datetime) -> DrillAcknowledgement | None:
    """Return who has answered in time, or None.

    It is asked of the records, the oldest first: whatever has become of the incident since, they say that it was taken.
    """
    people: list[str] = []
    for at, action, actor in done:
        if at > expected_by:
            break
        if action is AuditAction.ROUND_STARTED:
            people = []
        elif action is AuditAction.ANSWERED:
            people.append(actor)
        elif action in _TAKES:
            return DrillAcknowledgement(at, tuple(dict.fromkeys((*people, actor))))
    return None


def end_drill(incident: Incident, rules: Rules, now: datetime) -> Change:
    """Return the end of a drill that is passed or failed: it rings no more, and no second clock runs."""
    draft = ChangeDraft(incident, rules, now)
    if incident.state not in CLOSED_STATES:
        close(draft, Outcome.TEST, None)
    return draft.done()
