"""The one call that is made: a post through an incoming webhook."""

from typing import Any, Protocol

from escalator.model.message import Delivered, Failed, MessageContext

Payload = dict[str, Any]
"""The body of an incoming webhook (developers.mattermost.com, "Incoming webhooks"): `text` and `attachments`."""


class MattermostApi(Protocol):
    """Where posts go."""

    def post(self, context: MessageContext, /, url: str, payload: Payload) -> Delivered | Failed:
        """Post. Mattermost does not say what the post is called, so the reference is empty."""
        ...
