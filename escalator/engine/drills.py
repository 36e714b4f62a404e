"""Drills: by what an incident rehearses a route, whether it was answered in time, and its end."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from escalator.engine.acknowledgement import close
from escalator.engine.incident_change import Change, Draft, Rules
from escalator.model.audit import Action
from escalator.model.incident import OVER, Incident, Outcome
from escalator.model.levels import Severity
from escalator.model.policy import Policy, Route


def stand_in(route: Route, policy: Policy) -> tuple[str, Severity]:
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


class Done(NamedTuple):
    """What was done to a drill's incident, by whom and when, as it is recorded."""

    at: datetime
    action: Action
    actor: str


class Answered(NamedTuple):
    """The people (keys) who together have answered a drill, and when there were enough of them."""

    at: datetime
    people: tuple[str, ...]


_TAKES = frozenset({Action.ACKNOWLEDGED, Action.SNOOZED})


def answered(done: Iterable[Done], expected_by: datetime) -> Answered | None:
    """Return who has answered in time, or None.

    It is asked of the records, the oldest first: whatever has become of the incident since, they say that it was taken.
    """
    people: list[str] = []
    for at, action, actor in done:
        if at > expected_by:
            break
        if action is Action.ROUND_STARTED:
            people = []
        elif action is Action.ANSWERED:
            people.append(actor)
        elif action in _TAKES:
            return Answered(at, tuple(dict.fromkeys((*people, actor))))
    return None


def end_drill(incident: Incident, rules: Rules, now: datetime) -> Change:
    """Return the end of a drill that is passed or failed: it rings no more, and no second clock runs."""
    draft = Draft(incident, rules, now)
    if incident.state not in OVER:
        close(draft, Outcome.TEST, None)
    return draft.done()
