"""The interface of PagerDuty's Events API. It gets finished events, so that the sandbox can replace it."""

from typing import Any, Protocol

from escalator.model.message import Delivered, Failed, MessageContext

Event = dict[str, Any]
"""One event of the Events API v2, without its routing key: `event_action`, `dedup_key`, and for a trigger the rest."""

TRIGGER = "trigger"
ACKNOWLEDGE = "acknowledge"
RESOLVE = "resolve"


class Events(Protocol):
    """Sends events."""

    def send(self, context: MessageContext, /, routing_key: str, event: Event) -> Delivered | Failed:
        """Send an event; the reference is its `dedup_key`. Never raises for anything PagerDuty or the network does."""
        ...
