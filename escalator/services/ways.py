"""Ways: what is broken or well by itself. A destination is one, unless it has several addresses or contacts.

A way is named by its destination (`pager`, `person:ana`); where that has several, by the place of its address or the
kind of its contact too (`mailbox:2`, `person:ana:email`): one address that is refused for good must not look well
because the other takes what it is sent.
"""

from escalator.engine.targets import address_of
from escalator.model.policy import DestinationKind, Policy
from escalator.store.deliveries import Delivery

TROUBLE = "destination:"
"""How the key of a trouble begins that is about a way."""


def way_of(delivery: Delivery, policy: Policy) -> str:
    """Return the name of the way that a delivery takes."""
    return way(delivery.destination, delivery.channel, delivery.address, policy)


def way(destination: str, channel: DestinationKind, address: str, policy: Policy) -> str:
    """Return the name of a way; `address` is unexpanded."""
    person = policy.people.get(destination.removeprefix("person:")) if destination.startswith("person:") else None
    if person is not None:
        has_several = sum(bool(address_of(person, kind)) for kind in person.contact) > 1
        return f"{destination}:{channel.value}" if has_several else destination
    known = policy.destinations.get(destination)
    if known is None or len(known.addresses) < 2 or address not in known.addresses:
        return destination
    return f"{destination}:{known.addresses.index(address) + 1}"


def is_in(name: str, policy: Policy) -> bool:
    """Whether the policy still has the destination to which a way of that name leads."""
    return _is_known(name, policy) or _is_known(name.rpartition(":")[0], policy)


def _is_known(destination: str, policy: Policy) -> bool:
    if destination.startswith("person:"):
        return destination.removeprefix("person:") in policy.people
    return destination in policy.destinations
