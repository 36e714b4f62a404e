"""What can come: every category and severity, and every route that could take it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from escalator.engine.hours import DURING, OUTSIDE
from escalator.model.facts import Facts, Observation
from escalator.model.levels import Severity
from escalator.model.policy import Conditions, Policy, Route
from escalator.policy.route_reachability import IncidentKind, reachable_routes

_KNOWN = frozenset({"category", "severity", "min_severity", DURING, OUTSIDE})
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A category and severity, and by which routes of the policy it is judged.

    `rank` is the route (a place in `policy.routes`; past the last: the default) that it is asked about, where that
    takes it only with facts that are not known; None asks what becomes of it when nothing else is known.
    """

    category: str | None
    severity: Severity
    policy: Policy
    rank: int | None = None

    @property
    def observation(self) -> Observation:
        """Return the event that says this much and nothing else: what it is, as a person would say, and how grave."""
        named = {"category": self.category} if self.category else {}
        graded = {"text_severity": self.severity.value} if self.severity is not Severity.UNKNOWN else {}
        seen = {name: {value: _EPOCH} for name, value in (named | graded).items()}
        return Observation("", _EPOCH, (), Facts(seen))


def categories_and_severities(policy: Policy) -> Iterator[tuple[str | None, Severity]]:
    """Yield every category with each severity that it can have, and none at all."""
    floors = {category.key: category.at_least for category in policy.categories.values()}
    for category, floor in [*floors.items(), (None, Severity.UNKNOWN)]:
        yield from ((category, grade) for grade in reversed(Severity) if grade >= floor)


def unconditional_scenario(category: str | None, severity: Severity, policy: Policy) -> Scenario:
    """Return the question what becomes of it when nothing else is known."""
    return Scenario(category, severity, policy)


def conditional_scenarios(
    category: str | None, severity: Severity, policy: Policy, taken: frozenset[int]
) -> Iterator[Scenario]:
    """Yield the question for every other route that takes it with facts that are not known; `taken` are known to.

    Of that route only the conditions that can be judged are asked, and of those above it only the routes of which all
    can be: with the right facts the others let it pass.
    """
    ranks = reachable_routes(IncidentKind(category, severity, severity), dict(enumerate(policy.routes)))
    for rank in (len(policy.routes) if place is None else place for place in ranks):
        if rank not in taken:
            yield Scenario(category, severity, replace(policy, routes=_judged(rank, policy)), rank)


def _judged(rank: int, policy: Policy) -> tuple[Route, ...]:
    above = tuple(route for route in policy.routes[:rank] if _is_known(route))
    return (*above, *(_told_apart(route) for route in policy.routes[rank : rank + 1]))


def _is_known(route: Route) -> bool:
    return {*route.when.tests, *route.unless.tests} <= _KNOWN


def _told_apart(route: Route) -> Route:
    return replace(route, when=_only_known(route.when), unless=_only_known(route.unless))


def _only_known(conditions: Conditions) -> Conditions:
    return Conditions({name: wanted for name, wanted in conditions.tests.items() if name in _KNOWN})
