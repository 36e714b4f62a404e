"""The webhook channel: a receiver has no posted message, so a change is sent as a new event."""

from escalator.channels.contract import Notification
from escalator.channels.webhook import payload
from escalator.channels.webhook.api import WebhookApi
from escalator.channels.webhook.signing import BadSecret, keys_of, signatures
from escalator.clock import Clock
from escalator.model.message import Delivered, Failed, FailureReason


class WebhookChannel:
    """Sends events about incidents to a machine; the reference is the id of the first one.

    Where the policy has a `secret` whose variable is not set nothing is sent, because a receiver would refuse it,
    unless there is a `spare_secret` (the sandbox's). Without a `secret` in the policy there is no signature.
    """

    def __init__(self, api: WebhookApi, clock: Clock, spare_secret: str = "") -> None:
        self._api = api
        self._clock = clock
        self._spare_secret = spare_secret

    def send(self, notification: Notification, /) -> Delivered | Failed:
        """Send an event for a page."""
        message_id = payload.send_id(notification)
        result = self._post(
            notification, message_id, payload.body(payload.send_type(notification), notification.at, notification)
        )
        return result if isinstance(result, Failed) else Delivered(notification.ref or result.ref or message_id)

    def update(self, notification: Notification, /) -> Delivered | Failed:
        """Send an event for a change of the incident's state."""
        if notification.standing is None:
            return Delivered(notification.ref or "")
        type_, at = payload.update_type(notification.standing), notification.standing.since or notification.at
        result = self._post(
            notification, payload.update_id(notification, notification.standing), payload.body(type_, at, notification)
        )
        return result if isinstance(result, Failed) else Delivered(notification.ref or result.ref)

    def face(self, notification: Notification, /) -> str:
        """Return a digest of the incident's state: each change of it is sent once."""
        return payload.face(notification)

    def _post(self, notification: Notification, message_id: str, body: bytes) -> Delivered | Failed:
        sent_at = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "escalator",
            "webhook-id": message_id,
            "webhook-timestamp": str(sent_at),
        }
        if "secret" in notification.options:
            try:
                keys = keys_of(notification.options["secret"] or self._spare_secret)
            except BadSecret:
                return Failed(FailureReason.NOT_CONFIGURED, "secret")
            headers["webhook-signature"] = signatures(keys, message_id, sent_at, body)
        return self._api.post(notification.context, notification.address, headers, body)
