"""The one call that is made: a signed body to an address."""

from collections.abc import Mapping
from typing import Protocol

from escalator.model.message import Delivered, Failed, MessageContext


class WebhookApi(Protocol):
    """What receives webhooks."""

    def post(self, context: MessageContext, /, url: str, headers: Mapping[str, str], body: bytes) -> Delivered | Failed:
        """Send one; only an answer of 2xx is a success. The reference is that of what was received, if it has one."""
        ...
