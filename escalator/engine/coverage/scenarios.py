"""The scenarios of a coverage: every category and severity, and every route that could take it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from escalator.engine.hours import DURING, OUTSIDE
from escalator.model.facts import Facts, Observation
from escalator.model.levels import Severity
from escalator.model.policy import Conditions, Policy, Route
from escalator.policy.route_reachability import IncidentKind, reachable_routes

_KNOWN_CONDITIONS = frozenset({"category", "severity", "min_severity", DURING, OUTSIDE})
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A category and severity, and the policy whose routes decide about it.

    `rank` is the index of the route in `policy.routes` (past the last: the default) that the scenario is about, where
    that route takes it only with facts that are not known; None when nothing else is known.
    """

    category: str | None
    severity: Severity
    policy: Policy
    rank: int | None = None

    @property
    def observation(self) -> Observation:
        """Return an event that states the category and severity, and nothing else."""
        category_fact = {"category": self.category} if self.category else {}
        severity_fact = {"text_severity": self.severity.value} if self.severity is not Severity.UNKNOWN else {}
        sightings = {name: {value: _EPOCH} for name, value in (category_fact | severity_fact).items()}
        return Observation("", _EPOCH, (), Facts(sightings))


def categories_and_severities(policy: Policy) -> Iterator[tuple[str | None, Severity]]:
    """Yield every category with each severity that it can have, then no category with each severity."""
    floors = {category.key: category.at_least for category in policy.categories.values()}
    for category, floor in [*floors.items(), (None, Severity.UNKNOWN)]:
        yield from ((category, severity) for severity in reversed(Severity) if severity >= floor)


def unconditional_scenario(category: str | None, severity: Severity, policy: Policy) -> Scenario:
    """Return the scenario in which nothing else is known."""
    return Scenario(category, severity, policy)


def conditional_scenarios(
    category: str | None, severity: Severity, policy: Policy, matched_ranks: frozenset[int]
) -> Iterator[Scenario]:
    """Yield a scenario for every other route that takes it with facts that are not known; skip `matched_ranks`.

    Only conditions on known facts are kept of that route, and of the routes above it only those with no other
    conditions: with the right facts the others do not match.
    """
    ranks = reachable_routes(IncidentKind(category, severity, severity), dict(enumerate(policy.routes)))
    for rank in (len(policy.routes) if place is None else place for place in ranks):
        if rank not in matched_ranks:
            yield Scenario(category, severity, replace(policy, routes=_relevant_routes(rank, policy)), rank)


def _relevant_routes(rank: int, policy: Policy) -> tuple[Route, ...]:
    above = tuple(route for route in policy.routes[:rank] if _is_known(route))
    return (*above, *(_with_known_conditions(route) for route in policy.routes[rank : rank + 1]))


def _is_known(route: Route) -> bool:
    return {*route.when.tests, *route.unless.tests} <= _KNOWN_CONDITIONS


def _with_known_conditions(route: Route) -> Route:
    return replace(route, when=_only_known(route.when), unless=_only_known(route.unless))


def _only_known(conditions: Conditions) -> Conditions:
    return Conditions({name: wanted for name, wanted in conditions.tests.items() if name in _KNOWN_CONDITIONS})
