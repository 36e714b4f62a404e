"""Which routes an incident of a category can take, as far as the policy alone decides it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from escalator.model.facts import normalized
from escalator.model.levels import Severity
from escalator.model.policy import Category, Conditions, Route


class Likelihood(Enum):
    """Whether something holds for an incident of which only category and floor are known."""

    NEVER = 0
    PERHAPS = 1
    SURELY = 2


@dataclass(frozen=True, slots=True)
class IncidentKind:
    """All incidents of one category (None: of no category) whose severity is from the floor to the highest."""

    category: str | None
    floor: Severity
    highest: Severity = Severity.CRITICAL


def incident_kind_of(category: Category) -> IncidentKind:
    """Return the kind that a category makes."""
    return IncidentKind(category.key, category.at_least)


def reachable_routes(kind: IncidentKind, routes: Mapping[int, Route]) -> Iterator[int | None]:
    """Yield the index of every route that can take this kind, None for the default; stop at one that surely does."""
    for place, route in routes.items():
        chance = _chance(kind, route)
        if chance is not Likelihood.NEVER:
            yield place
        if chance is Likelihood.SURELY:
            return
    yield None


def _chance(kind: IncidentKind, route: Route) -> Likelihood:
    matched = min((chance for chance in _likelihoods(kind, route.when)), key=_rank, default=Likelihood.SURELY)
    excluded = max((chance for chance in _likelihoods(kind, route.unless)), key=_rank, default=Likelihood.NEVER)
    if matched is Likelihood.NEVER or excluded is Likelihood.SURELY:
        return Likelihood.NEVER
    return matched if excluded is Likelihood.NEVER else Likelihood.PERHAPS


def _likelihoods(kind: IncidentKind, conditions: Conditions) -> list[Likelihood]:
    return [_condition(kind, fact, values) for fact, values in conditions.tests.items()]


def _condition(kind: IncidentKind, fact: str, values: tuple[str, ...]) -> Likelihood:
    if fact == "category":
        return _named(kind.category, values)
    possible = [grade for grade in Severity if kind.floor <= grade <= kind.highest]
    if fact == "severity":
        return _share([grade.value in values or "*" in values for grade in possible])
    if fact == "min_severity":
        return _share([_reaches(grade, values) for grade in possible])
    return Likelihood.PERHAPS


def _named(category: str | None, values: tuple[str, ...]) -> Likelihood:
    if category is None:
        return Likelihood.NEVER
    is_named = "*" in values or normalized(category) in {normalized(value) for value in values}
    return Likelihood.SURELY if is_named else Likelihood.NEVER


def _reaches(grade: Severity, values: tuple[str, ...]) -> bool:
    return grade is not Severity.UNKNOWN and any(grade >= Severity(value) for value in values)


def _share(held: list[bool]) -> Likelihood:
    if all(held):
        return Likelihood.SURELY
    return Likelihood.PERHAPS if any(held) else Likelihood.NEVER


def _rank(chance: Likelihood) -> int:
    return chance.value
