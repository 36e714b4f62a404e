"""Endpoints: what answers, hangs or is refused by itself, and the one name of each.

An endpoint is a destination of the policy (`pager`), one of the addresses of a destination that has several
(`mailbox:2`), or a person by one channel (`person:ana:slack`). A mailbox that is refused for good must not look well
because another one of the same destination takes what it is sent. Deliveries and posts keep the name they were made
with.
"""

from escalator.model.destination_kind import DestinationKind
from escalator.model.policy import Policy

PERSON_PREFIX = "person:"


def endpoint_of(destination: str, channel: DestinationKind, address: str, policy: Policy) -> str:
    """Return the name of the endpoint that is told at this unexpanded address."""
    if destination.startswith(PERSON_PREFIX):
        return f"{destination}:{channel.value}"
    known = policy.destinations.get(destination)
    if known is None or len(known.addresses) < 2 or address not in known.addresses:
        return destination
    return f"{destination}:{known.addresses.index(address) + 1}"


def all_endpoints(policy: Policy) -> frozenset[str]:
    """Return the names of all endpoints of a policy; a person counts by every channel, also one without an address."""
    places = (
        endpoint_of(one.key, one.kind, address, policy)
        for one in policy.destinations.values()
        for address in one.addresses
    )
    people = (
        endpoint_of(PERSON_PREFIX + key, channel, "", policy) for key in policy.people for channel in DestinationKind
    )
    return frozenset((*places, *people))
