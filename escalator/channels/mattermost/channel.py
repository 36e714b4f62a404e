"""The Mattermost channel: a post for each page, and one when the incident is taken or closed.

An incoming webhook cannot change or reply to its posts, and does not get their ids. So, as with email, `update` posts
only what is new to its readers, and a face is what they know: for equal faces nothing is sent.
"""

from escalator.channels.contract import Notification, fingerprint_of
from escalator.channels.mattermost import post_format
from escalator.channels.mattermost.api import MattermostApi, Payload
from escalator.model.incident import HELD_STATES, State
from escalator.model.message import Delivered, Failed

_FACE_DIGEST = 40
_MOST_KNOWN = 1_000
_QUIET = frozenset({State.TRIGGERED, State.GROUPED, State.LOGGED})


class MattermostChannel:
    """Posts through an incoming webhook; the reference is the key of the first notification that was posted."""

    def __init__(self, api: MattermostApi) -> None:
        self._api = api
        self._shown: set[str] = set()

    def send(self, notification: Notification, /) -> Delivered | Failed:
        """Post the full message, or a short one if there is one already."""
        return self._post(
            notification, post_format.again(notification) if notification.ref else post_format.page(notification)
        )

    def update(self, notification: Notification, /) -> Delivered | Failed:
        """Post a short message, if there is something that its readers do not know.

        Mattermost does not detect repetitions, so this process remembers what it has posted.
        """
        update_digest = fingerprint_of(notification.place, self.face(notification))
        if notification.standing is None or notification.standing.state in _QUIET or update_digest in self._shown:
            return Delivered(notification.ref or "")
        result = self._post(notification, post_format.update_text(notification))
        if isinstance(result, Delivered):
            if len(self._shown) >= _MOST_KNOWN:
                self._shown.clear()
            self._shown.add(update_digest)
        return result

    def face(self, notification: Notification, /) -> str:
        """Return what its readers know: that it waits, who has taken it and when, or how it was closed."""
        status = notification.standing
        if status is None:
            return fingerprint_of(notification.card.text)
        if status.state is State.TRIGGERED:
            return "asking"
        answered_by = fingerprint_of(
            status.by or "", status.since.isoformat() if status.since else "", status.outcome or ""
        )
        return f"{'taken' if status.state in HELD_STATES else status.state.value}:{answered_by[:_FACE_DIGEST]}"

    def _post(self, notification: Notification, payload: Payload) -> Delivered | Failed:
        result = self._api.post(notification.context, notification.address, payload)
        return result if isinstance(result, Failed) else Delivered(notification.ref or notification.key)
