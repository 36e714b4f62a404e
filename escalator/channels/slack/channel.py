"""Slack as a way out: a full message in each place, replies in its thread, and updates of it."""

import json
from collections.abc import Callable

from escalator.channels.contract import Notification, digest_of
from escalator.channels.slack import blocks
from escalator.channels.slack.api import SlackApi
from escalator.channels.slack.rate_limit import UNPACED, UPDATES, Pacer
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.rendering.card import reply

_MOST_KNOWN = 1_000


class SlackChannel:
    """Says things in Slack, no faster than a channel takes them; the reference is `CHANNEL/TS`."""

    def __init__(self, api: SlackApi, pacer: Pacer = UNPACED) -> None:
        self._api = api
        self._pacer = pacer
        self._channel_ids: dict[str, str] = {}

    def tell(self, one: Notification, /) -> Delivered | Failed:
        """Post the full message, or ring in the thread of the one that stands, for the whole channel to hear."""
        if one.ref is None:
            return self._tell_first(one)
        channel, _, ts = one.ref.partition("/")
        rung = blocks.message(reply(one.card))
        return self._paced(
            one, channel, lambda: self._api.post(one.context, channel, rung, thread_ts=ts, broadcast=True)
        )

    def show(self, one: Notification, /) -> Delivered | Failed:
        """Bring the full message up to date."""
        ref = one.ref or ""
        return self._paced(one, UPDATES, lambda: self._api.update(one.context, ref, blocks.message(one.card)))

    def face(self, one: Notification, /) -> str:
        """Return a digest of the full message."""
        return digest_of(json.dumps(blocks.message(one.card), sort_keys=True))

    def _tell_first(self, one: Notification) -> Delivered | Failed:
        """Post the full message, and note which channel the address means: a `#name` and an id have one pace."""
        place = self._channel_ids.get(one.address, one.address)
        done = self._paced(one, place, lambda: self._api.post(one.context, one.address, blocks.message(one.card)))
        if isinstance(done, Delivered):
            if len(self._channel_ids) >= _MOST_KNOWN:
                self._channel_ids.clear()
            self._channel_ids[one.address] = done.ref.partition("/")[0]
        return done

    def _paced(self, one: Notification, place: str, call: Callable[[], Delivered | Failed]) -> Delivered | Failed:
        """Make the call when it is its turn; what Slack itself says of the pace holds for everybody."""
        wait = self._pacer.take(place, is_urgent=one.is_urgent)
        if wait is not None:
            return Failed(FailureReason.PACED, "paced", wait)
        done = call()
        if isinstance(done, Failed) and done.reason is FailureReason.RATE_LIMITED and done.retry_after is not None:
            self._pacer.hold(place, done.retry_after)
        return done
