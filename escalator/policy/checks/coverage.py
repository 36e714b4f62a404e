"""Whether incidents reach somebody: critical categories, the default, routes, and channels that others read."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from escalator.model.levels import Severity
from escalator.model.policy import Category, Step
from escalator.policy.draft import PolicyDraft, fallback_chain
from escalator.policy.problems import PolicyFinding, TreePath, make_warning, quoted
from escalator.policy.responders import people_who_may_acknowledge, step_reaches_responder, target_may_reach_responder
from escalator.policy.route_reachability import IncidentKind, incident_kind_of, reachable_routes
from escalator.policy.targets import ASSIGNED_TEAM, TARGET_KINDS

_TELLING = frozenset({"category", "severity", "min_severity", "event"})


def check_coverage(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield every way in which an incident could reach nobody, or those it should not."""
    if _is_silent(draft, draft.default):
        what = f"notifies nobody: {quoted(draft.default)} has no steps, and incidents that match no route take it"
        yield make_warning(("default",), what, "name a path with a step")
    for category in draft.categories.values():
        if category.at_least is Severity.CRITICAL:
            yield from _silent_for_critical(draft, category)
        if category.restricted_to:
            yield from _shared_channels_of_restricted(draft, category)
    for place, route in draft.routes.items():
        if not _TELLING & set(route.when.tests):
            what = "names no category, severity or event, so it matches almost everything"
            yield make_warning(("routes", place), what, "add `category`, `min_severity` or `event` to its `when`")
    yield from _team_without_assign(draft)
    yield from _drills_of_silent_paths(draft)


def _drills_of_silent_paths(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield drills of routes without steps: they notify nobody, so they always fail."""
    silent = {route.name for route in draft.routes.values() if _is_silent(draft, route.path)}
    for place, drill in draft.drills.items():
        if drill.route in silent:
            what = f"tests {quoted(drill.route)}, whose path has no steps: nobody is notified, so it always fails"
            yield make_warning(("drills", place, "route"), what, "name a route whose path notifies somebody")


def _silent_for_critical(draft: PolicyDraft, category: Category) -> Iterator[PolicyFinding]:
    able = people_who_may_acknowledge(draft, category)
    for taker in reachable_routes(incident_kind_of(category), draft.routes):
        place, path, assign = route_details(draft, taker)
        if path not in draft.paths:
            continue
        if _is_silent(draft, path):
            what = f"a critical incident ({quoted(category.key)}) can end here, on a path with no steps"
            yield PolicyFinding(place, what, "name a path that notifies somebody")
        elif not any(step_reaches_responder(draft, step, assign, able) for step in draft.paths[path].values()):
            what = f"a critical incident ({quoted(category.key)}) can end here, on a path that notifies nobody who may"
            yield PolicyFinding(
                place,
                f"{what} acknowledge it",
                "add somebody who may acknowledge it, or a destination, to a step of the path",
            )
        elif not _reaches_responder(draft, draft.paths[path].values(), assign, able):
            what = (
                f"a critical incident ({quoted(category.key)}) can end on {quoted(path)}, which alerts nobody directly:"
            )
            what += " it names only channels, none of them urgent"
            yield make_warning(place, what, "add a person or a team to it, or `urgent: true` to one of its channels")


def route_details(draft: PolicyDraft, taker: int | None) -> tuple[TreePath, str, str | None]:
    """Return the place of a route (None: the default) in the file, its path, and who is assigned."""
    if taker is None:
        return ("default",), draft.default, None
    route = draft.routes[taker]
    return ("routes", taker, "path"), route.path, route.assign


def _is_silent(draft: PolicyDraft, path: str) -> bool:
    return path in draft.paths and not draft.paths[path]


def _reaches_responder(draft: PolicyDraft, steps: Iterable[Step], assign: str | None, able: Collection[str]) -> bool:
    return any(_target_reaches_responder(draft, target, assign, able) for step in steps for target in step.notify)


def _target_reaches_responder(draft: PolicyDraft, target: str, assign: str | None, able: Collection[str]) -> bool:
    if target in draft.destinations:
        return _is_urgent(draft, target)
    means_people = assign is not None if target == ASSIGNED_TEAM else target.partition(":")[0] in TARGET_KINDS
    return means_people and target_may_reach_responder(draft, target, assign, able)


def _is_urgent(draft: PolicyDraft, name: str) -> bool:
    """Whether the destination, or one of its fallbacks, is urgent."""
    return any(draft.destinations[each].urgent for each in fallback_chain(name, draft))


def _team_without_assign(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield steps that notify `team` where no team is assigned: they reach nobody."""
    everything: list[int | None] = [*draft.routes, None]
    for taker in everything:
        place, path, assign = route_details(draft, taker)
        steps = draft.paths.get(path, {})
        if assign is None and any(ASSIGNED_TEAM in step.notify for step in steps.values()):
            what = f"{quoted(path)} notifies `team`, but no team is assigned here, so it reaches nobody"
            right = "add `assign` to the route" if taker is not None else "name a path without `team`"
            yield make_warning(place, what, right)


def _shared_channels_of_restricted(draft: PolicyDraft, category: Category) -> Iterator[PolicyFinding]:
    shared = _shared_channels(draft)
    checked_paths: set[str] = set()
    for taker in reachable_routes(incident_kind_of(category), draft.routes):
        place, path, _ = route_details(draft, taker)
        channels = dict.fromkeys(name for name in _channels(draft, path) if name in shared)
        if channels and path not in checked_paths:
            checked_paths.add(path)
            what = f"{quoted(category.key)} is restricted, and {quoted(path)} notifies {_why(channels, shared)}"
            yield make_warning(place, what, "use a private channel of its own, by its id (C0123ABCD)")


def _why(channels: Iterable[str], shared: Mapping[str, str]) -> str:
    return " and ".join(f"{name}, {shared[name]}" for name in channels)


def _shared_channels(draft: PolicyDraft) -> dict[str, str]:
    """Return the Slack channels that others read too, each with the reason for that assumption."""
    kinds = [
        IncidentKind(None, Severity.UNKNOWN),
        *(incident_kind_of(c) for c in draft.categories.values() if not c.restricted_to),
    ]
    paths = {route_details(draft, taker)[1] for kind in kinds for taker in reachable_routes(kind, draft.routes)}
    used = {name for path in paths for name in _channels(draft, path)} | set(draft.alarms)
    shared: dict[str, str] = {}
    for name, destination in draft.destinations.items():
        if not destination.kind.about.is_shared:
            continue
        if name in used:
            shared[name] = "which other incidents use too"
        elif destination.addresses[0].startswith("#"):
            shared[name] = "a channel by name, which others may read"
    return shared


def _channels(draft: PolicyDraft, path: str) -> list[str]:
    steps = draft.paths.get(path, {}).values()
    return [target for step in steps for target in step.notify if target in draft.destinations]
