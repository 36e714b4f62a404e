"""The simulated Mattermost of the sandbox."""

import re

from escalator.channels.clients import Clients
from escalator.channels.mattermost.api import Payload
from escalator.channels.mattermost.channel import MattermostChannel
from escalator.channels.stand_in import Inbox, Json, SandboxDestination, SandboxVendor, Shown
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, MessageContext
from escalator.model.sandbox_item import InboxItem
from escalator.settings import Settings

_LINK = re.compile(r"\[((?:\\.|[^\]\\])*)\]\((https?://[^\s)]+)\)")
_ESCAPED = re.compile(r"\\(.)")
_APART = "\u200b"


class SandboxMattermost:
    """A MattermostApi that stores each post. The webhook's URL, a secret, is not stored."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def post(self, context: MessageContext, /, url: str, payload: Payload) -> Delivered | Failed:  # noqa: ARG002  # a secret
        """Store a post under the name of its destination."""
        text = _plain(payload["text"])
        stored: Json = {"mattermost": dict(payload), "text": text, "first_text": text}
        return self._inbox.keep(DestinationKind.MATTERMOST, context, context.destination, stored)


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text).replace(_APART, "")


def _show(_item: InboxItem, payload: Json, _reader: SandboxDestination) -> Shown:
    post = payload.get("mattermost", {})
    links = [match for attachment in post.get("attachments", ()) for match in _LINK.findall(attachment.get("text", ""))]
    return Shown(post, [{"label": _plain(label), "url": url} for label, url in links])


def _channel(inbox: Inbox, _clients: Clients, _settings: Settings, _clock: Clock) -> MattermostChannel:
    return MattermostChannel(SandboxMattermost(inbox))


SANDBOX = SandboxVendor(
    kind=DestinationKind.MATTERMOST, stored_as="mattermost", make_channel=_channel, show=_show, act=None
)
