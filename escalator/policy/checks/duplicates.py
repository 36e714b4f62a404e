"""What may stand only once: keys of apps, ids of people, categories, which are compared without case and hyphens."""

from collections.abc import Iterable, Iterator, Mapping

from escalator.model.facts import normalized
from escalator.policy.draft import Draft
from escalator.policy.placeholders import expand
from escalator.policy.problems import Finding, Place, quoted, warning
from escalator.policy.tree_walk import ANY, found, pattern

_RIGHT = "use a different one for each"
_IDS = (
    ("sources.*.api_key", "api key"),
    ("people.*.slack", "Slack user"),
    ("people.*.stream", "Stream user"),
    ("people.*.pagerduty", "PagerDuty user"),
)


def findings(draft: Draft, env: Mapping[str, str]) -> Iterator[Finding]:
    """Yield each value that stands a second time; only a warning where it takes this environment to make them one."""
    yield from _shared_ids(draft, env)
    names = ((place, name) for place, name in found(draft.tree, pattern("routes[].name")) if isinstance(name, str))
    for place, first in _twice(names):
        yield Finding(place, f"is also the name of {_owner(first)}", "name each route differently")
    drills = ((place, name) for place, name in found(draft.tree, pattern("drills[].name")) if isinstance(name, str))
    for place, first in _twice(drills):
        yield Finding(place, f"is also the name of drill {int(first[1]) + 1}", "name each drill differently")
    categories = ((place, normalized(str(place[1]))) for place, _ in found(draft.tree, ("categories", ANY)))
    for place, first in _twice(categories):
        what = f"is the same name as {_owner(first)}"
        yield Finding(place, what, "case, spaces, hyphens and underscores are ignored; keep one of the two")


def _shared_ids(draft: Draft, env: Mapping[str, str]) -> Iterator[Finding]:
    for where, kind in _IDS:
        written = [(place, text) for place, text in found(draft.tree, pattern(where)) if isinstance(text, str)]
        alike = dict(_twice(written))
        for place, first in alike.items():
            yield Finding(place, f"is also the {kind} of {_owner(first)}", _RIGHT)
        for place, first in _twice((place, expand(text, env)) for place, text in written):
            if place not in alike:
                yield warning(place, f"is, in this environment, also the {kind} of {_owner(first)}", _RIGHT)


def _twice(values: Iterable[tuple[Place, str]]) -> Iterator[tuple[Place, Place]]:
    """Yield the place of each value that is there already, and where it was first; what is empty is nobody's."""
    first: dict[str, Place] = {}
    for place, value in values:
        if value and value in first:
            yield place, first[value]
        elif value:
            first[value] = place


def _owner(place: Place) -> str:
    return f"route {place[1] + 1}" if isinstance(place[1], int) else quoted(place[1])
