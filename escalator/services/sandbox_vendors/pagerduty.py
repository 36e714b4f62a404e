"""What stands in PagerDuty's place in the sandbox."""

import json
from typing import Any

from escalator.channels.contract import digest_of
from escalator.channels.pagerduty.api import ACKNOWLEDGE, RESOLVE, TRIGGER, Event
from escalator.errors import Unavailable
from escalator.model.message import Delivered, Failed, MessageContext
from escalator.model.policy import DestinationKind
from escalator.services.sandbox_vendors.inbox import NOT_NOW, Shelf, opened
from escalator.store import sandbox_inbox
from escalator.store.sandbox_inbox import InboxItem

_TRIGGERED = "triggered"
_ACKNOWLEDGED = "acknowledged"
_RESOLVED = "resolved"
_TS_CHARS = 32


class InboxPagerDuty:
    """Events whose alerts are rows: one for each destination and key, which follows what is sent for it.

    As at PagerDuty, what acknowledges or resolves nothing open is dropped, and a trigger does not take an
    acknowledgement back. An alert that is triggered after it was resolved is a new one there, and here the same row.
    The reference is the key, so the row is found by a `ts` that is made from it; the routing key is not kept.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def send(self, context: MessageContext, /, routing_key: str, event: Event) -> Delivered | Failed:  # noqa: ARG002  # a secret
        """Keep what became of the alert."""
        key = event["dedup_key"]
        ts = digest_of(context.destination, key)[:_TS_CHARS]
        try:
            with self._shelf.database.writing() as connection:
                item = sandbox_inbox.lock_message(connection, context.destination, ts)
                said = self._said(item, event)
                if item is None and said is not None:
                    sandbox_inbox.insert(connection, self._item(context, ts, said))
                elif item is not None and said is not None:
                    sandbox_inbox.update_payload(connection, item.id, said, self._shelf.clock.now())
        except Unavailable:
            return NOT_NOW
        return Delivered(key)

    def _said(self, item: InboxItem | None, event: Event) -> bytes | None:
        """Return what the row says after this event, sealed; None when PagerDuty would drop the event."""
        old = opened(item, self._shelf.seal) if item else {}
        alert: dict[str, Any] = old.get("pagerduty", {})
        status = _status(alert.get("status", ""), event["event_action"])
        if status is None:
            return None
        now = {**alert, **event, "status": status}
        text = now.get("payload", {}).get("summary", "")
        said = {"pagerduty": now, "text": text, "first_text": old.get("first_text", text)}
        return self._shelf.seal.seal(json.dumps(said).encode())

    def _item(self, context: MessageContext, ts: str, said: bytes) -> InboxItem:
        return self._shelf.item(DestinationKind.PAGERDUTY, context, context.destination, said, ts)


def _status(before: str, action: str) -> str | None:
    """Return how an alert stands after an action; None when nothing is open that it could change."""
    is_open = before in {_TRIGGERED, _ACKNOWLEDGED}
    if action == TRIGGER:
        return before if is_open else _TRIGGERED
    return {ACKNOWLEDGE: _ACKNOWLEDGED, RESOLVE: _RESOLVED}[action] if is_open else None
