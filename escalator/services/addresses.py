"""Where a recipient is reached."""

from collections.abc import Mapping

from escalator.engine.targets import Recipient, address_of
from escalator.model.policy import DestinationKind, Policy
from escalator.policy import expand


def address(recipient: Recipient, policy: Policy, env: Mapping[str, str]) -> str:
    """Return the address to keep with a delivery: expanded for Slack; elsewhere as written, for it may be a secret."""
    if recipient.person is not None:
        person = policy.people.get(recipient.person)
        written = (address_of(person, recipient.kind) if person else None) or ""
    else:
        destination = policy.destinations.get(recipient.destination)
        written = destination.address if destination else ""
    return expand(written, env) if recipient.kind is DestinationKind.SLACK else written
