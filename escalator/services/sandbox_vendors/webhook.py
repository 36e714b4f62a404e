"""What stands in the place of webhooks' receivers in the sandbox."""

import json
from collections.abc import Mapping
from typing import Any

from escalator.channels.slack.blocks import Json
from escalator.model.message import Delivered, Failed, MessageContext
from escalator.model.policy import DestinationKind
from escalator.services.sandbox_vendors.inbox import Shelf


class InboxWebhook:
    """A WebhookApi that keeps each message, its signature among its headers. The URL, a secret, is not kept."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def post(self, context: MessageContext, /, url: str, headers: Mapping[str, str], body: bytes) -> Delivered | Failed:  # noqa: ARG002  # the Protocol's
        """Keep a message, under the name of its destination; `body` is kept as the text that is signed."""
        text = _first_words(json.loads(body))
        said: Json = {"webhook": {"headers": dict(headers), "body": body.decode()}, "text": text, "first_text": text}
        return self._shelf.keep(DestinationKind.WEBHOOK, context, context.destination, said)


def _first_words(said: Mapping[str, Any]) -> str:
    number = said["data"].get("number")
    return str(said["type"]) if number is None else f"{said['type']} #{number}"
