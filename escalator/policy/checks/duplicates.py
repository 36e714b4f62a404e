"""What may stand only once: keys of apps, ids of people, categories, which are compared without case and hyphens."""

from collections.abc import Iterable, Iterator, Mapping

from escalator.model.facts import normalized
from escalator.policy.draft import PolicyDraft
from escalator.policy.placeholders import expand
from escalator.policy.problems import PolicyFinding, TreePath, make_warning, quoted
from escalator.policy.tree_walk import ANY, find_values, parse_pattern

_RIGHT = "use a different one for each"
_IDS = (
    ("sources.*.api_key", "api key"),
    ("people.*.slack", "Slack user"),
    ("people.*.stream", "Stream user"),
    ("people.*.pagerduty", "PagerDuty user"),
)


def check_duplicates(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    """Yield each value that stands a second time; only a warning where it takes this environment to make them one."""
    yield from _shared_ids(draft, env)
    names = (
        (place, name)
        for place, name in find_values(draft.tree, parse_pattern("routes[].name"))
        if isinstance(name, str)
    )
    for place, first in _twice(names):
        yield PolicyFinding(place, f"is also the name of {_owner(first)}", "name each route differently")
    drills = (
        (place, name)
        for place, name in find_values(draft.tree, parse_pattern("drills[].name"))
        if isinstance(name, str)
    )
    for place, first in _twice(drills):
        yield PolicyFinding(place, f"is also the name of drill {int(first[1]) + 1}", "name each drill differently")
    categories = ((place, normalized(str(place[1]))) for place, _ in find_values(draft.tree, ("categories", ANY)))
    for place, first in _twice(categories):
        what = f"is the same name as {_owner(first)}"
        yield PolicyFinding(place, what, "case, spaces, hyphens and underscores are ignored; keep one of the two")


def _shared_ids(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    for where, kind in _IDS:
        written = [
            (place, text) for place, text in find_values(draft.tree, parse_pattern(where)) if isinstance(text, str)
        ]
        alike = dict(_twice(written))
        for place, first in alike.items():
            yield PolicyFinding(place, f"is also the {kind} of {_owner(first)}", _RIGHT)
        for place, first in _twice((place, expand(text, env)) for place, text in written):
            if place not in alike:
                yield make_warning(place, f"is, in this environment, also the {kind} of {_owner(first)}", _RIGHT)


def _twice(values: Iterable[tuple[TreePath, str]]) -> Iterator[tuple[TreePath, TreePath]]:
    """Yield the place of each value that is there already, and where it was first; what is empty is nobody's."""
    first: dict[str, TreePath] = {}
    for place, value in values:
        if value and value in first:
            yield place, first[value]
        elif value:
            first[value] = place


def _owner(place: TreePath) -> str:
    return f"route {place[1] + 1}" if isinstance(place[1], int) else quoted(place[1])
