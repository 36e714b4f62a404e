"""Who is told of the product's own trouble: whom the policy names, and others when each of those is cut off by it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from escalator.engine.roster import Roster
from escalator.engine.targets import Recipient, destination_recipients, person_recipient, resolve_targets
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Role
from escalator.model.policy import Person, Policy


@dataclass(frozen=True, slots=True)
class SuspectedChannels:
    """What may be broken: whole kinds of destination, and single endpoints."""

    kinds: frozenset[DestinationKind] = frozenset()
    endpoints: frozenset[str] = frozenset()

    def __or__(self, other: "SuspectedChannels") -> "SuspectedChannels":
        return SuspectedChannels(self.kinds | other.kinds, self.endpoints | other.endpoints)

    def hold(self, one: Recipient) -> bool:
        """Whether this recipient would be told through what may be broken."""
        return one.kind in self.kinds or one.endpoint in self.endpoints


NOT_SUSPECTED = SuspectedChannels()


@dataclass(frozen=True, slots=True)
class OperatorAlertRecipients:
    """Who is told of a trouble; `has_safe_way` when one of them is told through what is not suspected."""

    told: tuple[Recipient, ...] = field(default=())
    has_safe_way: bool = True


def operator_alert_recipients(
    targets: Iterable[str], roster: Roster, suspects: SuspectedChannels
) -> OperatorAlertRecipients:
    """Return who is told of a trouble, so that the news does not depend on what it is about.

    When each of those whom the policy names would be told through what may be broken, others are told besides: the
    fallbacks of these destinations, the other contacts of these people and of every admin, else the urgent
    destinations.
    """
    told = resolve_targets(targets, None, roster).told
    if any(not suspects.hold(one) for one in told):
        return OperatorAlertRecipients(told)
    others = alternative_recipients(told, roster.policy, suspects)
    return OperatorAlertRecipients((*told, *others), has_safe_way=bool(others))


def alternative_recipients(
    told: Collection[Recipient], policy: Policy, suspects: SuspectedChannels
) -> tuple[Recipient, ...]:
    """Return others who can be told through what is not suspected, none of whom is among `told`; maybe nobody."""
    known = {(one.kind, one.address) for one in told}
    for candidates in (_near(told, policy), _urgent(policy)):
        found = {
            (one.kind, one.address): one
            for one in candidates
            if not suspects.hold(one) and (one.kind, one.address) not in known
        }
        if found:
            return tuple(found.values())
    return ()


def _near(told: Iterable[Recipient], policy: Policy) -> Iterator[Recipient]:
    for one in told:
        person = policy.people.get(one.person or "")
        yield from _contacts(person, policy) if person else _fallbacks(one.destination, policy)
    for person in policy.people.values():
        if person.role is Role.ADMIN:
            yield from _contacts(person, policy)


def _contacts(person: Person, policy: Policy) -> Iterator[Recipient]:
    """Yield a person by every channel for which there is an address."""
    for kind in person.contact:
        written = person.address_of(kind)
        if written:
            yield person_recipient(person, kind, written, policy)


def _fallbacks(name: str, policy: Policy) -> Iterator[Recipient]:
    """Yield the places that stand in for a destination, one after the other; the check refuses circles of them."""
    known = policy.destinations.get(name)
    while known is not None and known.fallback is not None:
        yield from destination_recipients((known.fallback,), policy)
        known = policy.destinations.get(known.fallback)


def _urgent(policy: Policy) -> Iterator[Recipient]:
    return iter(destination_recipients((one.key for one in policy.destinations.values() if one.urgent), policy))
