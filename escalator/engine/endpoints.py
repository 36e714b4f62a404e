"""Endpoints: what can fail by itself, and the name of each.

An endpoint is a destination of the policy (`pager`), one of the addresses of a destination that has several
(`mailbox:2`), or a person by one channel (`person:ana:slack`). A mailbox that is refused for good must not look
healthy because another one of the same destination works. Deliveries and posted messages keep the name they were
created with.
"""

from escalator.model.destination_kind import DestinationKind
from escalator.model.policy import Policy

PERSON_PREFIX = "person:"


def endpoint_of(destination: str, channel: DestinationKind, address: str, policy: Policy) -> str:
    """Return the name of the endpoint at this unexpanded address."""
    if destination.startswith(PERSON_PREFIX):
        return f"{destination}:{channel.value}"
    configured = policy.destinations.get(destination)
    if configured is None or len(configured.addresses) < 2 or address not in configured.addresses:
        return destination
    return f"{destination}:{configured.addresses.index(address) + 1}"


def all_endpoints(policy: Policy) -> frozenset[str]:
    """Return the names of all endpoints of a policy; a person has one for every channel, also without an address."""
    places = (
        endpoint_of(destination.key, destination.kind, address, policy)
        for destination in policy.destinations.values()
        for address in destination.addresses
    )
    people = (
        endpoint_of(PERSON_PREFIX + key, channel, "", policy) for key in policy.people for channel in DestinationKind
    )
    return frozenset((*places, *people))
