"""What may stand only once: keys of apps, ids of people, names that are compared without case and hyphens."""

from collections.abc import Iterable, Iterator, Mapping

from escalator.model.facts import plain
from escalator.policy.draft import Draft
from escalator.policy.expand import expand
from escalator.policy.problems import Finding, Place, quoted
from escalator.policy.walk import found, pattern

_IDS = (
    ("people.*.slack", "Slack user"),
    ("people.*.stream", "Stream user"),
    ("people.*.pagerduty", "PagerDuty user"),
)


def findings(draft: Draft, env: Mapping[str, str]) -> Iterator[Finding]:
    """Yield each value that stands a second time."""
    yield from _twice(_texts(draft, "sources.*.api_key", env), "is the api key of {first} too", "one source per app")
    for where, kind in _IDS:
        yield from _twice(_texts(draft, where, env), f"is the {kind} of {{first}} too", "give each person their own id")
    yield from _twice(_texts(draft, "routes[].name", {}), "is the name of {first} too", "name each route differently")
    for section in ("categories", "sources"):
        names = draft.tree.get(section)
        places = (((section, name), plain(name)) for name in names) if isinstance(names, dict) else ()
        yield from _twice(places, "reads the same as {first}", "case, spaces, hyphens and underscores do not count")


def _texts(draft: Draft, where: str, env: Mapping[str, str]) -> Iterator[tuple[Place, str]]:
    for place, value in found(draft.tree, pattern(where)):
        if isinstance(value, str):
            # Two different names that are both unset are not the same key: the empty is compared as written.
            yield place, expand(value, env) or value


def _twice(values: Iterable[tuple[Place, str]], what: str, right: str) -> Iterator[Finding]:
    first: dict[str, Place] = {}
    for place, value in values:
        if value and value in first:
            yield Finding(place, what.format(first=_owner(first[value])), right)
        elif value:
            first[value] = place


def _owner(place: Place) -> str:
    return f"route {place[1] + 1}" if isinstance(place[1], int) else quoted(place[1])

