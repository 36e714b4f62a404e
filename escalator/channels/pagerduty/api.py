"""What the product asks of PagerDuty's Events API. Nothing is rendered behind it, so that a sandbox can stand in."""

from typing import Any, Protocol

from escalator.model.message import Delivered, Failed, MessageContext

Event = dict[str, Any]
"""One event of the Events API v2, without its routing key: `event_action`, `dedup_key`, and for a trigger the rest."""

TRIGGER = "trigger"
ACKNOWLEDGE = "acknowledge"
RESOLVE = "resolve"


class Events(Protocol):
    """Where events go."""

    def send(self, context: MessageContext, /, routing_key: str, event: Event) -> Delivered | Failed:
        """Send an event; the reference is its `dedup_key`. Never raises for anything PagerDuty or the network does."""
        ...
