"""Which route takes an item: the first in the policy whose conditions match."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from escalator.engine.categorize import Assessment
from escalator.engine.hours import are_hours_met
from escalator.model.conditions import Comparison, comparable_form, comparison_of
from escalator.model.facts import Facts
from escalator.model.levels import Severity
from escalator.model.policy import Conditions, Policy

ANYTHING = "*"


@dataclass(frozen=True, slots=True)
class RoutingSubject:
    """What conditions are matched against: an item of a source, as assessed. Hours are checked at its opening."""

    source: str
    facts: Facts
    assessment: Assessment
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class MatchedCondition:
    """One condition of a route that holds: `said` are those values of the subject that the condition accepts.

    For hours and thresholds `said` is empty.
    """

    name: str
    wanted: tuple[str, ...]
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """The decision: `route` is None for the default path; `rank` is the index in the policy, 0 for the first route."""

    route: str | None
    rank: int
    path: str
    assign: str | None
    acks_needed: int


def choose_route(subject: RoutingSubject, policy: Policy) -> Routing:
    """Return the first route that takes the subject, or the default path."""
    for rank, candidate in enumerate(policy.routes):
        if all_conditions_hold(candidate.when, subject, policy) and not any_condition_holds(
            candidate.unless, subject, policy
        ):
            return Routing(candidate.name, rank, candidate.path, candidate.assign, candidate.acknowledgements)
    return Routing(None, len(policy.routes), policy.default, None, 1)


def routing_of_route(name: str, policy: Policy) -> Routing | None:
    """Return the route of that name, whatever its conditions; None for one that the policy does not have."""
    rank = route_rank(name, policy)
    if rank == len(policy.routes):
        return None
    route = policy.routes[rank]
    return Routing(route.name, rank, route.path, route.assign, route.acknowledgements)


def route_rank(name: str | None, policy: Policy) -> int:
    """Return the index of a route in the policy; for the default the number of routes."""
    return next((rank for rank, known in enumerate(policy.routes) if known.name == name), len(policy.routes))


def is_event_in_a_route(event_type: str, policy: Policy) -> bool:
    """Whether some route asks for this event by name."""
    return _is_named_by_route("event", event_type, policy)


def is_action_in_a_route(action: str, policy: Policy) -> bool:
    """Whether some route asks for this action by name."""
    return _is_named_by_route("action", action, policy)


def _is_named_by_route(condition: str, value: str, policy: Policy) -> bool:
    named_words = {word for candidate in policy.routes for word in candidate.when.tests.get(condition, ())}
    return comparable_form(condition, value) in {comparable_form(condition, word) for word in named_words}


def all_conditions_hold(conditions: Conditions, subject: RoutingSubject, policy: Policy) -> bool:
    """Whether all hold."""
    return all(_is_met(name, wanted, subject, policy) for name, wanted in conditions.tests.items())


def any_condition_holds(conditions: Conditions, subject: RoutingSubject, policy: Policy) -> bool:
    """Whether any holds."""
    return any(_is_met(name, wanted, subject, policy) for name, wanted in conditions.tests.items())


def _is_met(name: str, wanted: tuple[str, ...], subject: RoutingSubject, policy: Policy) -> bool:
    if comparison_of(name) is Comparison.HOURS:
        return are_hours_met(name, wanted, subject.opened_at, policy)
    if name == "min_severity":
        severity = subject.assessment.severity
        return severity is not Severity.UNKNOWN and any(severity >= Severity(word) for word in wanted)
    if name == "min_reports":
        return any(len(subject.facts.values("report")) >= int(count) for count in wanted)
    return bool(_matching_values(name, wanted, subject))


def matched_conditions(route_name: str | None, subject: RoutingSubject, policy: Policy) -> tuple[MatchedCondition, ...]:
    """Return which conditions of a route hold for the subject, in the order of the policy.

    Empty for the default path, for a route that the policy does not have, and for one that does not take the subject
    (any more).
    """
    route = next((route for route in policy.routes if route.name == route_name), None)
    if route is None or not all_conditions_hold(route.when, subject, policy):
        return ()
    return tuple(
        MatchedCondition(name, wanted, _matching_values(name, wanted, subject))
        for name, wanted in route.when.tests.items()
    )


def _matching_values(name: str, wanted: tuple[str, ...], subject: RoutingSubject) -> tuple[str, ...]:
    """Return those of the known values that the condition accepts."""
    known = fact_values(name, subject)
    if ANYTHING in wanted:
        return tuple(sorted(known))
    accepted = {comparable_form(name, word) for word in wanted}
    return tuple(sorted(value for value in known if comparable_form(name, value) in accepted))


def fact_values(name: str, subject: RoutingSubject) -> frozenset[str]:
    """Return the subject's values of the fact of that name; empty where it is unknown."""
    derived: Mapping[str, str | None] = {
        "source": subject.source,
        "category": subject.assessment.category,
        "severity": subject.assessment.severity.value,
    }
    if name in derived:
        value = derived[name]
        return frozenset() if value is None else frozenset({value})
    return subject.facts.values(name)
