"""Which routes an incident of a category can take: what a policy promises before any event has come."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from escalator.model.facts import normalized
from escalator.model.levels import Severity
from escalator.model.policy import Category, Conditions, Route


class Chance(Enum):
    """Whether something holds for an incident of which only category and floor are known."""

    NEVER = 0
    PERHAPS = 1
    SURELY = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """All incidents of one category (None: of no category) whose severity is from the floor to the highest."""

    category: str | None
    floor: Severity
    highest: Severity = Severity.CRITICAL


def kind_of(category: Category) -> Kind:
    """Return the kind that a category makes."""
    return Kind(category.key, category.at_least)


def takers(kind: Kind, routes: Mapping[int, Route]) -> Iterator[int | None]:
    """Yield the place of every route that can take this kind, None for the default; stops at one that surely does."""
    for place, route in routes.items():
        chance = _chance(kind, route)
        if chance is not Chance.NEVER:
            yield place
        if chance is Chance.SURELY:
            return
    yield None


def _chance(kind: Kind, route: Route) -> Chance:
    wanted = min((chance for chance in _judged(kind, route.when)), key=_rank, default=Chance.SURELY)
    refused = max((chance for chance in _judged(kind, route.unless)), key=_rank, default=Chance.NEVER)
    if wanted is Chance.NEVER or refused is Chance.SURELY:
        return Chance.NEVER
    return wanted if refused is Chance.NEVER else Chance.PERHAPS


def _judged(kind: Kind, conditions: Conditions) -> list[Chance]:
    return [_condition(kind, fact, values) for fact, values in conditions.tests.items()]


def _condition(kind: Kind, fact: str, values: tuple[str, ...]) -> Chance:
    if fact == "category":
        return _named(kind.category, values)
    possible = [grade for grade in Severity if kind.floor <= grade <= kind.highest]
    if fact == "severity":
        return _share([grade.value in values or "*" in values for grade in possible])
    if fact == "min_severity":
        return _share([_reaches(grade, values) for grade in possible])
    return Chance.PERHAPS


def _named(category: str | None, values: tuple[str, ...]) -> Chance:
    if category is None:
        return Chance.NEVER
    is_named = "*" in values or normalized(category) in {normalized(value) for value in values}
    return Chance.SURELY if is_named else Chance.NEVER


def _reaches(grade: Severity, values: tuple[str, ...]) -> bool:
    return grade is not Severity.UNKNOWN and any(grade >= Severity(value) for value in values)


def _share(held: list[bool]) -> Chance:
    if all(held):
        return Chance.SURELY
    return Chance.PERHAPS if any(held) else Chance.NEVER


def _rank(chance: Chance) -> int:
    return chance.value
