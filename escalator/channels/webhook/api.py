"""The interface of webhooks: send a signed body to a URL."""

from collections.abc import Mapping
from typing import Protocol

from escalator.model.message import Delivered, Failed, MessageContext


class WebhookApi(Protocol):
    """Sends webhooks."""

    def post(self, context: MessageContext, /, url: str, headers: Mapping[str, str], body: bytes) -> Delivered | Failed:
        """Send one; only 2xx is a success. The reference is the receiver's, if it has one."""
        ...
