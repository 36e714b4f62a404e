"""The client for webhooks: one bounded POST to a public address."""

from collections.abc import Iterable, Mapping

from escalator.channels.deadline_socket import Guard, Limits
from escalator.channels.guarded_http import PATIENT, GuardedHttp
from escalator.channels.ssrf_guard import guard_of
from escalator.channels.webhook.failures import failure, is_success
from escalator.model.message import Delivered, Failed, MessageContext


class HttpWebhook:
    """Sends webhooks to addresses that the guard permits."""

    def __init__(self, guard: Guard, limits: Limits = PATIENT) -> None:
        self._http = GuardedHttp(guard, limits)

    def post(
        self, _context: MessageContext, /, url: str, headers: Mapping[str, str], body: bytes
    ) -> Delivered | Failed:
        """Send one. Only status and headers of the answer are read."""
        answer = self._http.post(url, headers, body, wants_body=False)
        if isinstance(answer, Failed):
            return answer
        return Delivered("") if is_success(answer.status) else failure(answer)

    def reach(self, url: str) -> Delivered | Failed:
        """Connect to the server of a webhook, up to TLS, and send nothing."""
        return self._http.reach(url)


def http_webhook(allowed: Iterable[str]) -> HttpWebhook:
    """Return a client that reaches public addresses, and the private ones that are allowed (see `guard_of`)."""
    return HttpWebhook(guard_of(allowed))
