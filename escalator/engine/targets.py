"""Who is meant by a target of a step, looked up in the running policy when the step fires."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from escalator.model.policy import DestinationKind, Person, Policy, Team
from escalator.model.ranks import Role

PERSON = "person:"
TEAM = "team:"
SCHEDULE = "schedule:"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One who is told: a destination, or a person by the first of their contacts. `target` is what the step says.

    `address` is unexpanded; a destination with several addresses is as many recipients.
    """

    target: str
    destination: str
    kind: DestinationKind
    address: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Recipients:
    """Everybody a step tells, each once, and the targets that mean nobody."""

    told: tuple[Recipient, ...]
    missing: tuple[str, ...]


def resolve(targets: Iterable[str], assign: str | None, policy: Policy) -> Recipients:
    """Return whom these targets mean now. `assign` is what `team` stands for."""
    told: dict[tuple[str, str], Recipient] = {}
    missing: list[str] = []
    for target in targets:
        found = list(_recipients(target, assign, policy))
        if not found:
            missing.append(target)
        for recipient in found:
            told.setdefault((recipient.destination, recipient.address), recipient)
    return Recipients(tuple(told.values()), tuple(missing))


def _recipients(target: str, assign: str | None, policy: Policy) -> Iterator[Recipient]:
    destination = policy.destinations.get(target)
    if destination is not None:
        yield from (Recipient(target, destination.key, destination.kind, one) for one in destination.addresses)
        return
    for key in people_of(target, assign, policy):
        person = policy.people.get(key)
        if person is not None:
            kind = first_contact(person)
            yield Recipient(target, PERSON + key, kind, address_of(person, kind) or "", key)


def people_of(target: str, assign: str | None, policy: Policy) -> tuple[str, ...]:
    """Return the people a target means, in order; nobody for what no longer exists.

    Rotas are not read by this version: a team means all its members, a schedule everybody it names.
    """
    if target == "team":
        return people_of(assign, None, policy) if assign and assign != "team" else ()
    if target.startswith(PERSON):
        return (target.removeprefix(PERSON),)
    if target.startswith(SCHEDULE):
        schedule = policy.schedules.get(target.removeprefix(SCHEDULE))
        return schedule.people if schedule else ()
    team = team_of(target, None, policy)
    if team is None:
        return ()
    return team.members or ((team.lead,) if team.lead else ())


def team_of(target: str, assign: str | None, policy: Policy) -> Team | None:
    """Return the team that a target names, or None when it names none."""
    if target == "team":
        return team_of(assign, None, policy) if assign and assign != "team" else None
    return policy.teams.get(target.removeprefix(TEAM))


def last_resort(policy: Policy) -> tuple[str, ...]:
    """Return the targets that are left when a path reaches nobody: `alarms`, else everybody whose role is admin."""
    admins = (PERSON + person.key for person in policy.people.values() if person.role is Role.ADMIN)
    return policy.alarms or tuple(admins)


def first_contact(person: Person) -> DestinationKind:
    """Return the first way of reaching this person for which there is an address; Slack when there is none."""
    return next((kind for kind in person.contact if address_of(person, kind)), DestinationKind.SLACK)


def address_of(person: Person, kind: DestinationKind) -> str | None:
    """Return the person's unexpanded address on a channel."""
    addresses = {
        DestinationKind.SLACK: person.slack,
        DestinationKind.EMAIL: person.email,
        DestinationKind.PAGERDUTY: person.pagerduty,
    }
    return addresses.get(kind)
