"""Recipients of operator alerts: those the policy names, and others when the problem may cut all of those off."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from escalator.engine.roster import Roster
from escalator.engine.targets import Recipient, destination_recipients, person_recipient, resolve_targets
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Role
from escalator.model.policy import Person, Policy


@dataclass(frozen=True, slots=True)
class SuspectedChannels:
    """What may be broken: whole kinds of destinations, and single endpoints."""

    kinds: frozenset[DestinationKind] = frozenset()
    endpoints: frozenset[str] = frozenset()

    def __or__(self, other: "SuspectedChannels") -> "SuspectedChannels":
        return SuspectedChannels(self.kinds | other.kinds, self.endpoints | other.endpoints)

    def contains(self, recipient: Recipient) -> bool:
        """Whether this recipient would be notified through what may be broken."""
        return recipient.kind in self.kinds or recipient.endpoint in self.endpoints


NOT_SUSPECTED = SuspectedChannels()


@dataclass(frozen=True, slots=True)
class OperatorAlertRecipients:
    """The recipients of an operator alert; `has_safe_way` when one of them is notified through what is not
    suspected.
    """

    recipients: tuple[Recipient, ...] = field(default=())
    has_safe_way: bool = True


def operator_alert_recipients(
    targets: Iterable[str], roster: Roster, suspects: SuspectedChannels
) -> OperatorAlertRecipients:
    """Return the recipients of an operator alert, so that it does not depend on what it reports.

    When everybody whom the policy names would be notified through what may be broken, others are added: the fallbacks
    of these destinations, the other contacts of these people and of every admin, else the urgent destinations.
    """
    recipients = resolve_targets(targets, None, roster).recipients
    if any(not suspects.contains(recipient) for recipient in recipients):
        return OperatorAlertRecipients(recipients)
    others = alternative_recipients(recipients, roster.policy, suspects)
    return OperatorAlertRecipients((*recipients, *others), has_safe_way=bool(others))


def alternative_recipients(
    already: Collection[Recipient], policy: Policy, suspects: SuspectedChannels
) -> tuple[Recipient, ...]:
    """Return recipients not in `already` who can be notified through what is not suspected; may be empty."""
    known = {(recipient.kind, recipient.address) for recipient in already}
    for candidates in (_contacts_and_fallbacks(already, policy), _urgent_destinations(policy)):
        alternatives = {
            (recipient.kind, recipient.address): recipient
            for recipient in candidates
            if not suspects.contains(recipient) and (recipient.kind, recipient.address) not in known
        }
        if alternatives:
            return tuple(alternatives.values())
    return ()


def _contacts_and_fallbacks(recipients: Iterable[Recipient], policy: Policy) -> Iterator[Recipient]:
    for recipient in recipients:
        person = policy.people.get(recipient.person or "")
        yield from _contacts(person, policy) if person else _fallbacks(recipient.destination, policy)
    for person in policy.people.values():
        if person.role is Role.ADMIN:
            yield from _contacts(person, policy)


def _contacts(person: Person, policy: Policy) -> Iterator[Recipient]:
    """Yield a person by every channel for which there is an address."""
    for kind in person.contact:
        address = person.address_of(kind)
        if address:
            yield person_recipient(person, kind, address, policy)


def _fallbacks(name: str, policy: Policy) -> Iterator[Recipient]:
    """Yield a destination's fallback, its fallback, and so on; the check of the policy refuses cycles."""
    destination = policy.destinations.get(name)
    while destination is not None and destination.fallback is not None:
        yield from destination_recipients((destination.fallback,), policy)
        destination = policy.destinations.get(destination.fallback)


def _urgent_destinations(policy: Policy) -> Iterator[Recipient]:
    return iter(
        destination_recipients(
            (destination.key for destination in policy.destinations.values() if destination.urgent), policy
        )
    )
