"""Slack as a way out: a full message in each place, replies in its thread, and updates of it."""

import json

from escalator.channels.contract import Notification, digest_of
from escalator.channels.slack import blocks
from escalator.channels.slack.api import SlackApi
from escalator.model.message import Delivered, Failed
from escalator.rendering.card import reply


class SlackChannel:
    """Says things in Slack; the reference is `CHANNEL/TS`."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api

    def tell(self, one: Notification, /) -> Delivered | Failed:
        """Post the full message, or ring in the thread of the one that stands, for the whole channel to hear."""
        if one.ref is None:
            return self._api.post(one.context, one.address, blocks.message(one.card))
        channel, _, ts = one.ref.partition("/")
        return self._api.post(one.context, channel, blocks.message(reply(one.card)), thread_ts=ts, broadcast=True)

    def show(self, one: Notification, /) -> Delivered | Failed:
        """Bring the full message up to date."""
        return self._api.update(one.context, one.ref or "", blocks.message(one.card))

    def face(self, one: Notification, /) -> str:
        """Return a digest of the full message."""
        return digest_of(json.dumps(blocks.message(one.card), sort_keys=True))
