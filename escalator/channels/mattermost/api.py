"""The interface of Mattermost: a post through an incoming webhook."""

from typing import Any, Protocol

from escalator.model.message import Delivered, Failed, MessageContext

Payload = dict[str, Any]
"""The body of an incoming webhook (developers.mattermost.com, "Incoming webhooks"): `text` and `attachments`."""


class MattermostApi(Protocol):
    """Sends posts."""

    def post(self, context: MessageContext, /, url: str, payload: Payload) -> Delivered | Failed:
        """Post. Mattermost does not return the post's id, so the reference is empty."""
        ...
