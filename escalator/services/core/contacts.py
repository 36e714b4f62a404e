"""The address of a recipient; the person of an address."""

from collections.abc import Callable, Mapping

from escalator.engine.targets import Recipient
from escalator.model.destination_kind import DestinationKind
from escalator.model.policy import Person, Policy
from escalator.policy.placeholders import expand


def delivery_address(recipient: Recipient, env: Mapping[str, str]) -> str:
    """Return the address to store with a delivery: expanded for Slack, else as written; it may be a secret."""
    return expand(recipient.address, env) if recipient.kind is DestinationKind.SLACK else recipient.address


def person_with_email(policy: Policy, expanded: Callable[[str], str], email: str) -> Person | None:
    """Return the only person with this email address; case does not matter.

    None where several share it, because a shared mailbox identifies nobody, and for an empty one: `expanded`, which
    replaces the `${NAME}` of a value, returns that when a variable is not set.
    """
    address = email.strip().casefold()
    if not address:
        return None
    owners = [
        person
        for person in policy.people.values()
        if person.email and expanded(person.email).strip().casefold() == address
    ]
    return owners[0] if len(owners) == 1 else None
