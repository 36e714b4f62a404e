"""Values that must be unique: keys, queues and topics of apps, ids of people, categories (without case and hyphens)."""

from collections.abc import Iterable, Iterator, Mapping

from escalator.model.facts import normalized
from escalator.policy.draft import PolicyDraft
from escalator.policy.placeholders import expand
from escalator.policy.problems import PolicyFinding, TreePath, make_warning, quoted
from escalator.policy.tree_walk import ANY, find_values, parse_pattern

_RIGHT = "use a different one for each"
_IDS = (
    ("sources.*.api_key", "api key"),
    ("sources.*.sqs", "queue"),
    ("sources.*.sns_topic", "topic"),
    ("people.*.slack", "Slack user"),
    ("people.*.stream", "Stream user"),
    ("people.*.pagerduty", "PagerDuty user"),
)


def check_duplicates(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    """Yield each repeated value; only a warning where two are equal because of this environment."""
    yield from _shared_ids(draft, env)
    names = (
        (place, name)
        for place, name in find_values(draft.tree, parse_pattern("routes[].name"))
        if isinstance(name, str)
    )
    for place, first in _repeated(names):
        yield PolicyFinding(place, f"is also the name of {_owner(first)}", "name each route differently")
    for section, kind in (("drills", "drill"), ("queues", "queue"), ("digests", "digest")):
        yield from _shared_names(section, kind, draft)
    categories = ((place, normalized(str(place[1]))) for place, _ in find_values(draft.tree, ("categories", ANY)))
    for place, first in _repeated(categories):
        what = f"is the same name as {_owner(first)}"
        yield PolicyFinding(place, what, "case, spaces, hyphens and underscores are ignored; keep one of the two")


def _shared_ids(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    for where, kind in _IDS:
        texts = [
            (place, text) for place, text in find_values(draft.tree, parse_pattern(where)) if isinstance(text, str)
        ]
        alike = dict(_repeated(texts))
        for place, first in alike.items():
            yield PolicyFinding(place, f"is also the {kind} of {_owner(first)}", _RIGHT)
        for place, first in _repeated((place, expand(text, env)) for place, text in texts):
            if place not in alike:
                yield make_warning(place, f"is, in this environment, also the {kind} of {_owner(first)}", _RIGHT)


def _shared_names(section: str, kind: str, draft: PolicyDraft) -> Iterator[PolicyFinding]:
    names = (
        (place, name)
        for place, name in find_values(draft.tree, parse_pattern(f"{section}[].name"))
        if isinstance(name, str)
    )
    for place, first in _repeated(names):
        yield PolicyFinding(place, f"is also the name of {kind} {int(first[1]) + 1}", f"name each {kind} differently")


def _repeated(values: Iterable[tuple[TreePath, str]]) -> Iterator[tuple[TreePath, TreePath]]:
    """Yield the place of each repeated value, and the place of the first; empty values are ignored."""
    first: dict[str, TreePath] = {}
    for place, value in values:
        if value and value in first:
            yield place, first[value]
        elif value:
            first[value] = place


def _owner(place: TreePath) -> str:
    return f"route {place[1] + 1}" if isinstance(place[1], int) else quoted(place[1])
