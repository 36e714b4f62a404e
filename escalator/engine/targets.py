"""Who is meant by a target of a step, looked up in the running policy when the step fires."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from escalator.engine.endpoints import PERSON_PREFIX, endpoint_of
from escalator.engine.roster import Roster
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Role
from escalator.model.policy import Person, Policy, Team

TEAM_PREFIX = "team:"
SCHEDULE_PREFIX = "schedule:"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One who is told: a destination, or a person by the first of their contacts. `target` is what the step says.

    `address` is unexpanded; a destination with several addresses is as many recipients. Who may not acknowledge is
    told besides (`may_acknowledge` is False), and counts for nobody.
    """

    target: str
    destination: str
    kind: DestinationKind
    address: str
    endpoint: str
    person: str | None = None
    may_acknowledge: bool = True


@dataclass(frozen=True, slots=True)
class Recipients:
    """Everybody a step tells, each once; the targets that mean nobody, and those for which nobody is on call.

    The lead of a team of which nobody is on call is told, and stands among those who are.
    """

    told: tuple[Recipient, ...]
    missing: tuple[str, ...]
    unattended: tuple[str, ...] = ()


def resolve_targets(targets: Iterable[str], assign: str | None, roster: Roster) -> Recipients:
    """Return whom these targets mean at the roster's instant. `assign` is what `team` stands for."""
    told: dict[tuple[str, str], Recipient] = {}
    missing: list[str] = []
    unattended: list[str] = []
    for target in targets:
        is_attended = target in roster.policy.destinations or _is_attended(target, assign, roster)
        found = list(_recipients(target, assign, roster))
        if not is_attended:
            unattended.append(target)
        elif not found:
            missing.append(target)
        for recipient in found:
            told.setdefault((recipient.destination, recipient.address), recipient)
    return Recipients(tuple(told.values()), tuple(missing), tuple(unattended))


def destination_recipients(destinations: Iterable[str], policy: Policy) -> tuple[Recipient, ...]:
    """Return the addresses of destinations, each once; nothing for what is none."""
    found = (policy.destinations[name] for name in dict.fromkeys(destinations) if name in policy.destinations)
    return tuple(
        Recipient(one.key, one.key, one.kind, address, endpoint_of(one.key, one.kind, address, policy))
        for one in found
        for address in one.addresses
    )


def _recipients(target: str, assign: str | None, roster: Roster) -> Iterator[Recipient]:
    yield from destination_recipients((target,), roster.policy)
    for key in people_of_target(target, assign, roster):
        person = roster.policy.people.get(key)
        if person is not None:
            kind = first_contact(person)
            contact = person_recipient(person, kind, person.address_of(kind) or "", roster.policy)
            yield replace(contact, target=target, may_acknowledge=roster.may_acknowledge(key))


def _is_attended(target: str, assign: str | None, roster: Roster) -> bool:
    """Whether somebody is on call, where the target names a team or a rota that exists."""
    if target == "team" and assign and assign != "team":
        return _is_attended(assign, None, roster)
    if target.startswith(SCHEDULE_PREFIX):
        key = target.removeprefix(SCHEDULE_PREFIX)
        return key not in roster.policy.schedules or bool(roster.on_schedule(key))
    team = team_of(target, None, roster.policy)
    return team is None or bool(roster.on_team(team))


def people_of_target(target: str, assign: str | None, roster: Roster) -> tuple[str, ...]:
    """Return the people a target means, in order; nobody for a destination, or for what no longer exists.

    A team means whoever of it is on call, and its lead when nobody is. A team without a schedule means all its
    members, those who may not acknowledge besides.
    """
    if target in roster.policy.destinations:
        return ()
    if target == "team":
        return people_of_target(assign, None, roster) if assign and assign != "team" else ()
    if target.startswith(PERSON_PREFIX):
        return (target.removeprefix(PERSON_PREFIX),)
    if target.startswith(SCHEDULE_PREFIX):
        return roster.on_schedule(target.removeprefix(SCHEDULE_PREFIX))
    team = team_of(target, None, roster.policy)
    if team is None:
        return ()
    on_call = roster.on_team(team)
    meant = on_call if team.schedule in roster.policy.schedules else team.everybody
    lead = (team.lead,) if team.lead and not on_call else ()
    return tuple(dict.fromkeys((*meant, *lead)))


def schedules_of_targets(targets: Iterable[str], assign: str | None, policy: Policy) -> frozenset[str]:
    """Return the schedules of the policy by which it is decided whom these targets mean."""
    meant = {assign if target == "team" and assign else target for target in targets}
    teams = (team_of(target, None, policy) for target in meant)
    named = {target.removeprefix(SCHEDULE_PREFIX) for target in meant if target.startswith(SCHEDULE_PREFIX)}
    return frozenset({*named, *(team.schedule for team in teams if team and team.schedule)} & set(policy.schedules))


def members_of(owner: str, policy: Policy) -> tuple[str, ...]:
    """Return everybody of a team (or of a schedule), on call or not: who may see and answer what is theirs."""
    if owner.startswith(PERSON_PREFIX):
        return (owner.removeprefix(PERSON_PREFIX),)
    if owner.startswith(SCHEDULE_PREFIX):
        schedule = policy.schedules.get(owner.removeprefix(SCHEDULE_PREFIX))
        return schedule.everybody if schedule else ()
    found = team_of(owner, None, policy)
    return found.everybody if found else ()


def team_of(target: str, assign: str | None, policy: Policy) -> Team | None:
    """Return the team that a target names, or None when it names none."""
    if target == "team":
        return team_of(assign, None, policy) if assign and assign != "team" else None
    return policy.teams.get(target.removeprefix(TEAM_PREFIX))


def last_resort_targets(policy: Policy) -> tuple[str, ...]:
    """Return the targets that are left when a path reaches nobody: `alarms`, else everybody whose role is admin."""
    admins = (PERSON_PREFIX + person.key for person in policy.people.values() if person.role is Role.ADMIN)
    return policy.alarms or tuple(admins)


def person_recipient(person: Person, kind: DestinationKind, address: str, policy: Policy) -> Recipient:
    """Return a person as told at this address on a channel."""
    name = PERSON_PREFIX + person.key
    return Recipient(name, name, kind, address, endpoint_of(name, kind, address, policy), person.key)


def first_contact(person: Person) -> DestinationKind:
    """Return the first way of reaching this person for which there is an address; Slack when there is none."""
    return next((kind for kind in person.contact if person.address_of(kind)), DestinationKind.SLACK)
