"""People: working contacts, enough people for the acknowledgements, recipients of operator alerts."""

from collections.abc import Iterator, Mapping

from escalator.model.levels import Role
from escalator.model.policy import Person
from escalator.policy.draft import PolicyDraft
from escalator.policy.placeholders import expand
from escalator.policy.problems import PolicyFinding, TreePath, join_names, make_warning
from escalator.policy.responders import (
    are_people_complete,
    incident_kinds,
    incidents_phrase,
    people_who_may_acknowledge,
)
from escalator.policy.route_reachability import IncidentKind, reachable_routes
from escalator.policy.targets import ASSIGNED_TEAM


def check_people(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    """Yield people who cannot be notified, and routes that need more acknowledgements than there are people."""
    yield from _contacts(draft, env)
    yield from _acknowledgements(draft)
    yield from _alarms(draft)


def _contacts(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    for key in sorted(_named(draft)):
        person = draft.people.get(key)
        if person is not None and not _has_contact(person, env):
            what = "is notified by a step but has no working contact: people are notified in Slack and by email"
            right = "add `slack` (their member id) or `email`, and keep it in `contact`"
            yield make_warning(("people", key), what, right)


def _has_contact(person: Person, env: Mapping[str, str]) -> bool:
    addresses = [address for kind in person.contact if kind.about.tells_people and (address := person.address_of(kind))]
    return any(expand(address, env) or address.startswith("${") for address in addresses)


def _named(draft: PolicyDraft) -> set[str]:
    """Return everybody (keys) whom a step, `alarms` or `unanswered` means by name, team or schedule."""
    targets = {target for steps in draft.paths.values() for step in steps.values() for target in step.notify}
    if ASSIGNED_TEAM in targets:
        targets |= {_owner(route.assign) for route in draft.routes.values() if route.assign}
    targets |= {*draft.alarms, *draft.unanswered.tell}
    return {person for target in targets for person in _people_of(draft, target)}


def _owner(assign: str) -> str:
    return assign if ":" in assign else f"team:{assign}"


def _people_of(draft: PolicyDraft, target: str) -> tuple[str, ...]:
    kind, _, name = target.partition(":")
    if kind == "person":
        return (name,)
    if kind == "schedule" and name in draft.schedules:
        return draft.schedules[name].everybody
    if kind == "team" and name in draft.teams:
        return draft.teams[name].members
    return ()


def _acknowledgements(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield routes that take incidents which too few people may acknowledge, and the default likewise."""
    if not are_people_complete(draft):
        return
    needed_by_route: dict[int | None, int] = {index: route.acknowledgements for index, route in draft.routes.items()}
    checked_kinds: set[IncidentKind] = set()
    for taker, acknowledgements in (needed_by_route | {None: 1}).items():
        place: TreePath = ("default",) if taker is None else ("routes", taker)
        for kind, category in incident_kinds(draft):
            able = people_who_may_acknowledge(draft, category)
            is_checked = taker is None and kind in checked_kinds
            if len(able) < acknowledgements and not is_checked and taker in reachable_routes(kind, draft.routes):
                checked_kinds.add(kind)
                yield _too_few(place, acknowledgements, able, kind)
                break


def _too_few(place: TreePath, needed: int, able: list[str], kind: IncidentKind) -> PolicyFinding:
    if needed == 1:
        return make_warning(
            place,
            f"nobody may acknowledge {incidents_phrase(kind)}",
            "give somebody `role: moderator` or higher, and add them to its teams if it is restricted",
        )
    what = f"requires {needed}, but only {len(able)} may acknowledge {incidents_phrase(kind)}: {join_names(able)}"
    return PolicyFinding((*place, "acknowledgements"), what, f"write at most {max(1, len(able))}, or allow more people")


def _alarms(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    if "alarms" in draft.tree or any(person.role is Role.ADMIN for person in draft.people.values()):
        return
    if are_people_complete(draft):
        what = "is missing and nobody has the role admin, so nobody receives operator alerts"
        yield make_warning(("alarms",), what, "add `alarms: {notify: [...]}`, or `role: admin` to a person")
