"""References: every name that one part of the file takes from another must exist."""

from collections.abc import Callable, Iterator

from escalator.policy.draft import PolicyDraft, fallback_chain
from escalator.policy.placeholders import has_placeholder
from escalator.policy.problems import PolicyFinding, TreePath, did_you_mean, make_warning, quoted
from escalator.policy.schema_destinations import PERSON_OPTIONS
from escalator.policy.targets import ASSIGNED_TEAM, TARGET_KINDS, target_text
from escalator.policy.tree_walk import find_values, parse_pattern
from escalator.policy.yaml_reader import Tree

Known = list[str] | None
"""The names that exist, as spelled; None when that part of the file cannot be read."""


def check_references(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield every unknown name, and destinations whose fallbacks form a loop."""
    for where, kind, names in _REFERENCES:
        known = names(draft.tree)
        if known is not None:
            for place, value in find_values(draft.tree, parse_pattern(where)):
                yield from _unknown(place, value, kind, known)
    yield from _not_for_machines(draft)
    yield from _fallback_loops(draft)
    yield from _ambiguous(draft)


def _unknown(place: TreePath, value: Tree, kind: str, known: list[str]) -> Iterator[PolicyFinding]:
    name = target_text(value)
    if name and name not in known and not has_placeholder(name) and not _is_anything(place, name):
        yield PolicyFinding(place, f"unknown {kind} {quoted(name)}", did_you_mean(name, known))


def _section(name: str) -> Callable[[dict[str, Tree]], Known]:
    def names(tree: dict[str, Tree]) -> Known:
        section = tree.get(name, {})
        return list(section) if isinstance(section, dict) else None

    return names


def _is_anything(place: TreePath, name: str) -> bool:
    """Whether it is the `*` of a condition."""
    return name == "*" and ("when" in place or "unless" in place)


def _route_names(tree: dict[str, Tree]) -> Known:
    return [name for _, name in find_values(tree, parse_pattern("routes[].name")) if isinstance(name, str)]


def _by_prefix(tree: dict[str, Tree], *, bare: str, extra: tuple[str, ...] = ()) -> Known:
    """Return the names of the section `bare`, the words in `extra`, and `team:x`, `person:x`, `schedule:x`."""
    sections = {"team": _teams(tree), "person": _people(tree), "schedule": _schedules(tree)}
    plain = _section(bare)(tree)
    if plain is None or any(names is None for names in sections.values()):
        return None
    return [*extra, *plain, *(f"{prefix}:{name}" for prefix in TARGET_KINDS for name in sections[prefix] or ())]


def _targets(tree: dict[str, Tree]) -> Known:
    return _by_prefix(tree, bare="destinations", extra=(ASSIGNED_TEAM,))


def _owners(tree: dict[str, Tree]) -> Known:
    return _by_prefix(tree, bare="teams")


def _alarm_targets(tree: dict[str, Tree]) -> Known:
    return _by_prefix(tree, bare="destinations")


def _people_and_targets(tree: dict[str, Tree]) -> Known:
    known, people = _targets(tree), _people(tree)
    return None if known is None or people is None else [*people, *known]


def _restricted(tree: dict[str, Tree]) -> Known:
    known = _teams(tree)
    return None if known is None else [*known, *(f"team:{name}" for name in known)]


_destinations = _section("destinations")
_people = _section("people")
_teams = _section("teams")
_schedules = _section("schedules")
_hours = _section("hours")
_paths = _section("paths")
_sources = _section("sources")
_categories = _section("categories")
_actions = _section("actions")

_REFERENCES: tuple[tuple[str, str, Callable[[dict[str, Tree]], Known]], ...] = (
    ("sources.*.divert_to", "destination", _destinations),
    ("teams.*.members[]", "person", _people),
    ("teams.*.lead", "person", _people),
    ("teams.*.schedule", "schedule", _schedules),
    ("schedules.*.layers[].people[]", "person", _people),
    ("schedules.*.overrides[].person", "person", _people),
    ("schedules.*.people[]", "person", _people),
    ("destinations.*.fallback", "destination", _destinations),
    *((f"destinations.*.{key}", "person", _people) for key in PERSON_OPTIONS),
    ("categories.*.restricted_to[]", "team", _restricted),
    ("categories.*.actions[]", "action", _actions),
    ("routes[].when.source[]", "source", _sources),
    ("routes[].unless.source[]", "source", _sources),
    ("routes[].when.category[]", "category", _categories),
    ("routes[].unless.category[]", "category", _categories),
    ("routes[].when.during[]", "hours", _hours),
    ("routes[].when.outside[]", "hours", _hours),
    ("routes[].unless.during[]", "hours", _hours),
    ("routes[].unless.outside[]", "hours", _hours),
    ("routes[].assign", "team or person", _owners),
    ("routes[].path", "path", _paths),
    ("default", "path", _paths),
    ("feeds[].to", "destination", _destinations),
    ("feeds[].when.source[]", "source", _sources),
    ("feeds[].when.category[]", "category", _categories),
    ("feeds[].when.during[]", "hours", _hours),
    ("feeds[].when.outside[]", "hours", _hours),
    ("paths.*[].notify[]", "target", _targets),
    ("paths.*[].during", "hours", _hours),
    ("paths.*[].outside", "hours", _hours),
    ("unanswered.tell[]", "target", _people_and_targets),
    ("alarms.notify[]", "target", _alarm_targets),
    ("drills[].route", "route", _route_names),
    ("people.*.hours", "hours", _hours),
    ("schedules.*.layers[].hours", "hours", _hours),
    ("silences[].category", "category", _categories),
    ("silences[].route", "route", _route_names),
    ("silences[].by", "person", _people),
    ("queues[].notify[]", "target", _alarm_targets),
    ("queues[].when.source[]", "source", _sources),
    ("queues[].hours", "hours", _hours),
    ("digests[].to[]", "target", _alarm_targets),
    ("digests[].when.source[]", "source", _sources),
    ("digests[].when.category[]", "category", _categories),
)


def _not_for_machines(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    for place, feed in draft.feeds.items():
        destination = draft.destinations.get(feed.to)
        if destination is not None and not destination.kind.about.is_for_machines:
            what = f"{quoted(feed.to)} is read by people, but a feed is for programs"
            right = "name a destination with a `webhook`, or add a step to notify people"
            yield PolicyFinding(("feeds", place, "to"), what, right)


def _fallback_loops(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    for name in draft.destinations:
        chain = fallback_chain(name, draft)
        last = draft.destinations[chain[-1]].fallback
        if last == name:
            what = f"is a loop: {' -> '.join((*chain, name))}"
            yield PolicyFinding(("destinations", name, "fallback"), what, "remove one of these fallbacks")


def _ambiguous(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    if ASSIGNED_TEAM in draft.destinations:
        yield PolicyFinding(
            ("destinations", ASSIGNED_TEAM), "is a reserved name: `team` means the assigned team", "choose another name"
        )
    for name in draft.destinations:
        if name in draft.people:
            what = f"is also the name of a person, so `tell: [{name}]` means the destination"
            yield make_warning(("destinations", name), what, "rename one of them")
