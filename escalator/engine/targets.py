"""Whom a target of a step means, looked up in the running policy when the step fires."""

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
    """One recipient: an address of a destination, or a person by their first contact. `target` is what the step says.

    `address` is unexpanded; a destination with several addresses is as many recipients. Recipients who may not
    acknowledge are notified too, but do not count as responders.
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
    """The recipients of a step, each once; the targets that mean nobody, and those for which nobody is on call.

    The lead of a team with nobody on call is among the recipients.
    """

    recipients: tuple[Recipient, ...]
    missing: tuple[str, ...]
    unattended: tuple[str, ...] = ()


def resolve_targets(targets: Iterable[str], assign: str | None, roster: Roster) -> Recipients:
    """Return whom these targets mean at the roster's instant. `assign` is what the target `team` means."""
    by_address: dict[tuple[str, str], Recipient] = {}
    missing: list[str] = []
    unattended: list[str] = []
    for target in targets:
        is_attended = target in roster.policy.destinations or _is_attended(target, assign, roster)
        recipients = list(_recipients(target, assign, roster))
        if not is_attended:
            unattended.append(target)
        elif not recipients:
            missing.append(target)
        for recipient in recipients:
            by_address.setdefault((recipient.destination, recipient.address), recipient)
    return Recipients(tuple(by_address.values()), tuple(missing), tuple(unattended))


def destination_recipients(destinations: Iterable[str], policy: Policy) -> tuple[Recipient, ...]:
    """Return a recipient for every address of these destinations; names that are no destination are ignored."""
    matches = (policy.destinations[name] for name in dict.fromkeys(destinations) if name in policy.destinations)
    return tuple(
        Recipient(
            destination.key,
            destination.key,
            destination.kind,
            address,
            endpoint_of(destination.key, destination.kind, address, policy),
        )
        for destination in matches
        for address in destination.addresses
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
    """Whether somebody is on call; True for a target that names no existing team or schedule."""
    if target == "team" and assign and assign != "team":
        return _is_attended(assign, None, roster)
    if target.startswith(SCHEDULE_PREFIX):
        key = target.removeprefix(SCHEDULE_PREFIX)
        return key not in roster.policy.schedules or bool(roster.on_schedule(key))
    team = team_of(target, None, roster.policy)
    return team is None or bool(roster.on_team(team))


def people_of_target(target: str, assign: str | None, roster: Roster) -> tuple[str, ...]:
    """Return the people (keys) a target means, in order; empty for a destination, or for what no longer exists.

    A team means those of it who are on call, or its lead when nobody is. A team without a schedule means all its
    members, also those who may not acknowledge.
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
    members = on_call if team.schedule in roster.policy.schedules else team.everybody
    lead = (team.lead,) if team.lead and not on_call else ()
    return tuple(dict.fromkeys((*members, *lead)))


def schedules_of_targets(targets: Iterable[str], assign: str | None, policy: Policy) -> frozenset[str]:
    """Return the schedules of the policy that decide whom these targets mean."""
    resolved = {assign if target == "team" and assign else target for target in targets}
    teams = (team_of(target, None, policy) for target in resolved)
    named = {target.removeprefix(SCHEDULE_PREFIX) for target in resolved if target.startswith(SCHEDULE_PREFIX)}
    return frozenset({*named, *(team.schedule for team in teams if team and team.schedule)} & set(policy.schedules))


def members_of(owner: str, policy: Policy) -> tuple[str, ...]:
    """Return everybody (keys) of a team, of a schedule, or of `person:KEY`, on call or not."""
    if owner.startswith(PERSON_PREFIX):
        return (owner.removeprefix(PERSON_PREFIX),)
    if owner.startswith(SCHEDULE_PREFIX):
        schedule = policy.schedules.get(owner.removeprefix(SCHEDULE_PREFIX))
        return schedule.everybody if schedule else ()
    team = team_of(owner, None, policy)
    return team.everybody if team else ()


def team_of(target: str, assign: str | None, policy: Policy) -> Team | None:
    """Return the team that a target names, or None when it names none."""
    if target == "team":
        return team_of(assign, None, policy) if assign and assign != "team" else None
    return policy.teams.get(target.removeprefix(TEAM_PREFIX))


def last_resort_targets(policy: Policy) -> tuple[str, ...]:
    """Return the targets for when a path reaches nobody: `alarms`, else everybody whose role is admin."""
    admins = (PERSON_PREFIX + person.key for person in policy.people.values() if person.role is Role.ADMIN)
    return policy.alarms or tuple(admins)


def person_recipient(person: Person, kind: DestinationKind, address: str, policy: Policy) -> Recipient:
    """Return a person as a recipient at this address of a channel."""
    name = PERSON_PREFIX + person.key
    return Recipient(name, name, kind, address, endpoint_of(name, kind, address, policy), person.key)


def first_contact(person: Person) -> DestinationKind:
    """Return the first way of reaching this person for which there is an address; Slack when there is none."""
    return next((kind for kind in person.contact if person.address_of(kind)), DestinationKind.SLACK)
