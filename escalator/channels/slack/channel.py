"""The Slack channel: a full message in each place, replies in its thread, and updates of it."""

import json
from collections.abc import Callable

from escalator.channels.contract import Notification, fingerprint_of
from escalator.channels.slack import blocks
from escalator.channels.slack.api import SlackApi
from escalator.channels.slack.rate_limit import UNPACED, UPDATES, Pacer
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.rendering.card import reply

_MOST_KNOWN = 1_000


class SlackChannel:
    """Posts messages, within Slack's rate limits; the reference is `CHANNEL/TS`."""

    def __init__(self, api: SlackApi, pacer: Pacer = UNPACED) -> None:
        self._api = api
        self._pacer = pacer
        self._channel_ids: dict[str, str] = {}

    def send(self, notification: Notification, /) -> Delivered | Failed:
        """Post the full message, or reply in the thread of the posted one, shown in the channel too."""
        if notification.ref is None:
            return self._send_first(notification)
        channel, _, ts = notification.ref.partition("/")
        thread_reply = blocks.message(reply(notification.card))
        return self._paced(
            notification,
            channel,
            lambda: self._api.post(notification.context, channel, thread_reply, thread_ts=ts, broadcast=True),
        )

    def update(self, notification: Notification, /) -> Delivered | Failed:
        """Update the full message."""
        ref = notification.ref or ""
        return self._paced(
            notification,
            UPDATES,
            lambda: self._api.update(notification.context, ref, blocks.message(notification.card)),
        )

    def face(self, notification: Notification, /) -> str:
        """Return a digest of the full message."""
        return fingerprint_of(json.dumps(blocks.message(notification.card), sort_keys=True))

    def _send_first(self, notification: Notification) -> Delivered | Failed:
        """Post the full message, and remember the channel's id: a `#name` and its id share one rate limit."""
        place = self._channel_ids.get(notification.address, notification.address)
        result = self._paced(
            notification,
            place,
            lambda: self._api.post(notification.context, notification.address, blocks.message(notification.card)),
        )
        if isinstance(result, Delivered):
            if len(self._channel_ids) >= _MOST_KNOWN:
                self._channel_ids.clear()
            self._channel_ids[notification.address] = result.ref.partition("/")[0]
        return result

    def _paced(
        self, notification: Notification, place: str, call: Callable[[], Delivered | Failed]
    ) -> Delivered | Failed:
        """Make the call when the rate limit permits; a wait that Slack itself demands holds for all processes."""
        wait = self._pacer.take(place, is_urgent=notification.is_urgent)
        if wait is not None:
            return Failed(FailureReason.PACED, "paced", wait)
        result = call()
        if (
            isinstance(result, Failed)
            and result.reason is FailureReason.RATE_LIMITED
            and result.retry_after is not None
        ):
            self._pacer.hold(place, result.retry_after)
        return result
