"""One bounded POST to a URL from the policy, if the guard permits its address."""

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import Request

from escalator.channels.deadline_socket import Guard, Limits, Wire, in_time, tls
from escalator.channels.http import BROKEN, Answer, broken, exchange
from escalator.model.message import Delivered, Failed, FailureReason

PATIENT = Limits(socket_s=10.0, total_s=15.0)
"""Standard Webhooks asks to wait for 15 to 30 s; a claim must end within contract.CALL_ENDS_S."""

_NOT_A_URL = Failed(FailureReason.BAD_TARGET, "not_a_url")


class GuardedHttp:
    """Calls URLs from the policy: never an address that the guard refuses, and never for longer than the limits."""

    def __init__(self, guard: Guard, limits: Limits = PATIENT) -> None:
        self._guard = guard
        self._limits = limits
        self._tls = tls()

    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, wants_body: bool) -> Answer | Failed:
        """Return the answer, whatever its status, or why there was none."""
        if not _is_url(url):
            return _NOT_A_URL
        request = Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310  # checked just above
        try:
            return exchange(request, self._limits, self._tls, self._guard, wants_body=wants_body)
        except BROKEN as error:
            return broken(error)

    def reach(self, url: str) -> Delivered | Failed:
        """Connect to the server of a URL, up to TLS, and send nothing."""
        if not _is_url(url):
            return _NOT_A_URL
        parts = urlsplit(url)
        host, is_secure = str(parts.hostname), parts.scheme == "https"

        def connect(wire: Wire) -> None:
            with wire.connect((host, parts.port or (443 if is_secure else 80)), self._limits.socket_s) as connection:
                if is_secure:
                    self._tls.wrap_socket(connection, server_hostname=host).close()

        try:
            in_time(connect, self._limits.total_s, self._guard)
        except BROKEN as error:
            return broken(error)
        return Delivered("")


def _is_url(url: str) -> bool:
    """Whether it is a valid http or https URL without user and password."""
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return False
    is_plain = url.isascii() and url.isprintable() and " " not in url
    return is_plain and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
