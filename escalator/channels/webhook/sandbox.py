"""The simulated receiver of webhooks in the sandbox."""

import hmac
import json
from collections.abc import Mapping
from typing import Any

from escalator.channels.clients import Clients
from escalator.channels.stand_in import Inbox, Json, SandboxDestination, SandboxVendor, Shown
from escalator.channels.webhook.channel import WebhookChannel
from escalator.channels.webhook.signing import BadSecret, keys_of, signatures
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, MessageContext
from escalator.model.sandbox_item import InboxItem
from escalator.settings import Settings


class SandboxWebhook:
    """A WebhookApi that stores each message with its headers. The URL, a secret, is not stored."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def post(self, context: MessageContext, /, url: str, headers: Mapping[str, str], body: bytes) -> Delivered | Failed:  # noqa: ARG002  # the Protocol's
        """Store a message under the name of its destination; `body` is stored as the signed text."""
        text = _first_words(json.loads(body))
        stored: Json = {"webhook": {"headers": dict(headers), "body": body.decode()}, "text": text, "first_text": text}
        return self._inbox.keep(DestinationKind.WEBHOOK, context, context.destination, stored)


def _first_words(message: Mapping[str, Any]) -> str:
    number = message["data"].get("number")
    return str(message["type"]) if number is None else f"{message['type']} #{number}"


def _show(_item: InboxItem, payload: Json, reader: SandboxDestination) -> Shown:
    request = payload.get("webhook", {})
    if not request:
        return Shown({}, [])
    secret = reader.options.get("secret") or reader.sandbox_secret
    return Shown({"method": "POST", **request, "verified": verified(request, secret)}, [])


def verified(request: Mapping[str, Any], secret: str) -> bool | None:
    """Whether a request was signed with this secret; None when it was not signed."""
    headers: Mapping[str, str] = request["headers"]
    signature_header = headers.get("webhook-signature")
    if signature_header is None:
        return None
    try:
        keys = keys_of(secret)
    except BadSecret:
        return False
    at = int(headers["webhook-timestamp"])
    right = signatures(keys, headers["webhook-id"], at, request["body"].encode()).split()
    return any(hmac.compare_digest(given, expected) for given in signature_header.split() for expected in right)


def _channel(inbox: Inbox, _clients: Clients, settings: Settings, clock: Clock) -> WebhookChannel:
    return WebhookChannel(SandboxWebhook(inbox), clock, spare_secret=settings.sandbox_signing_secret)


SANDBOX = SandboxVendor(kind=DestinationKind.WEBHOOK, stored_as="webhook", make_channel=_channel, show=_show, act=None)
