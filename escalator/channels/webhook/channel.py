"""Webhooks as a way out: nothing stands at a receiver, so what has changed is told once more."""

from escalator.channels.contract import Notification
from escalator.channels.webhook import payload
from escalator.channels.webhook.api import WebhookApi
from escalator.channels.webhook.signing import BadSecret, keys_of, signatures
from escalator.clock import Clock
from escalator.model.message import Delivered, Failed, FailureReason


class WebhookChannel:
    """Tells a machine what happens to incidents; the reference is the id of what it was told first.

    Where the policy names a `secret` that is not set nothing is sent, for a receiver would refuse it, unless there is
    a `spare_secret` (the sandbox's). Where the policy names none, it is sent without a signature.
    """

    def __init__(self, api: WebhookApi, clock: Clock, spare_secret: str = "") -> None:
        self._api = api
        self._clock = clock
        self._spare_secret = spare_secret

    def tell(self, one: Notification, /) -> Delivered | Failed:
        """Say that something happened."""
        message_id = payload.told_id(one)
        done = self._post(one, message_id, payload.body(payload.told_type(one), one.at, one))
        return done if isinstance(done, Failed) else Delivered(one.ref or done.ref or message_id)

    def show(self, one: Notification, /) -> Delivered | Failed:
        """Say what has become of an incident."""
        if one.standing is None:
            return Delivered(one.ref or "")
        type_, at = payload.shown_type(one.standing), one.standing.since or one.at
        done = self._post(one, payload.shown_id(one, one.standing), payload.body(type_, at, one))
        return done if isinstance(done, Failed) else Delivered(one.ref or done.ref)

    def face(self, one: Notification, /) -> str:
        """Return a digest of how the incident stands: each change of it is told once."""
        return payload.face(one)

    def _post(self, one: Notification, message_id: str, body: bytes) -> Delivered | Failed:
        sent_at = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "escalator",
            "webhook-id": message_id,
            "webhook-timestamp": str(sent_at),
        }
        if "secret" in one.options:
            try:
                keys = keys_of(one.options["secret"] or self._spare_secret)
            except BadSecret:
                return Failed(FailureReason.NOT_CONFIGURED, "secret")
            headers["webhook-signature"] = signatures(keys, message_id, sent_at, body)
        return self._api.post(one.context, one.address, headers, body)
