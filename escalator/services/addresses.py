"""Where a recipient is reached."""

from collections.abc import Mapping

from escalator.engine.targets import Recipient
from escalator.model.policy import DestinationKind
from escalator.policy import expand


def address(recipient: Recipient, env: Mapping[str, str]) -> str:
    """Return the address to keep with a delivery: expanded for Slack; elsewhere as written, for it may be a secret."""
    return expand(recipient.address, env) if recipient.kind is DestinationKind.SLACK else recipient.address
