"""The client for incoming webhooks: one bounded POST."""

import json
from collections.abc import Iterable

from escalator.channels.deadline_socket import Guard, Limits
from escalator.channels.guarded_http import PATIENT, GuardedHttp
from escalator.channels.http import Answer
from escalator.channels.mattermost.api import Payload
from escalator.channels.mattermost.failures import NO_SUCH_CHANNEL, error_id, failure, is_accepted
from escalator.channels.ssrf_guard import guard_of
from escalator.model.message import Delivered, Failed, MessageContext

_HEADERS = {"Content-Type": "application/json", "User-Agent": "escalator"}

_NOWHERE = "escalator-doctor-" + "x" * 64
"""The name of a channel that cannot exist: names have at most 64 characters."""


class MattermostWebhook:
    """Posts through incoming webhooks."""

    def __init__(self, guard: Guard, limits: Limits = PATIENT) -> None:
        self._http = GuardedHttp(guard, limits)

    def post(self, _context: MessageContext, /, url: str, payload: Payload) -> Delivered | Failed:
        """Post once."""
        answer = self._send(url, payload)
        if isinstance(answer, Failed):
            return answer
        return Delivered("") if is_accepted(answer) else failure(answer)

    def probe(self, url: str) -> Delivered | Failed:
        """Ask whether the webhook exists without posting: only one that does is asked about its channel."""
        answer = self._send(url, {"text": "Escalator asks whether this webhook exists.", "channel": _NOWHERE})
        if isinstance(answer, Failed):
            return answer
        is_known = answer.status == 404 and error_id(answer) == NO_SUCH_CHANNEL
        return Delivered("") if is_known or is_accepted(answer) else failure(answer)

    def _send(self, url: str, payload: Payload) -> Answer | Failed:
        return self._http.post(url, _HEADERS, json.dumps(payload).encode(), wants_body=True)


def mattermost_webhook(allowed: Iterable[str]) -> MattermostWebhook:
    """Return a client that reaches public addresses, and the private ones that are allowed (see `guard_of`)."""
    return MattermostWebhook(guard_of(allowed))
