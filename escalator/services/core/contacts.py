"""Where a recipient is reached, and whose an address is."""

from collections.abc import Callable, Mapping

from escalator.engine.targets import Recipient
from escalator.model.destination_kind import DestinationKind
from escalator.model.policy import Person, Policy
from escalator.policy import expand


def delivery_address(recipient: Recipient, env: Mapping[str, str]) -> str:
    """Return the address to keep with a delivery: expanded for Slack; elsewhere as written, for it may be a secret."""
    return expand(recipient.address, env) if recipient.kind is DestinationKind.SLACK else recipient.address


def person_with_email(policy: Policy, expanded: Callable[[str], str], email: str) -> Person | None:
    """Return the only person with this e-mail address, in whatever case it is written.

    Nobody where several share it, for a mailbox that several read proves nobody, nor for an empty one: `expanded`,
    which replaces the `${NAME}` of a value, leaves one where a variable is not set.
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
