"""One bounded call to a URL that others have chosen, if the guard permits its address."""

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import Request

from escalator.channels.deadline_socket import Guard, Limits, Wire, in_time, tls
from escalator.channels.http import BROKEN, Answer, broken, exchange
from escalator.channels.ssrf_guard import guard_of
from escalator.model.message import Delivered, Failed, FailureReason

BRIEF = Limits(socket_s=3.0, total_s=5.0, answer_bytes=64 * 1024)
"""For what somebody waits for: SNS waits 15 s for an answer, in which two calls must fit."""
MEDIA = Limits(socket_s=5.0, total_s=5.0, answer_bytes=2 * 1024 * 1024)
"""For a picture that somebody waits for."""
PATIENT = Limits(socket_s=10.0, total_s=15.0)
"""Standard Webhooks asks to wait for 15 to 30 s; a claim must end within contract.CALL_ENDS_S."""

_NOT_A_URL = Failed(FailureReason.BAD_TARGET, "not_a_url")


def brief_http() -> "GuardedHttp":
    """Return a client that reaches public addresses only."""
    return GuardedHttp(guard_of(()), BRIEF)


def media_http() -> "GuardedHttp":
    """Return a client that fetches pictures from public addresses only."""
    return GuardedHttp(guard_of(()), MEDIA)


class GuardedHttp:
    """Calls URLs from outside: never an address that the guard refuses, and never for longer than the limits."""

    def __init__(self, guard: Guard, limits: Limits = PATIENT) -> None:
        self._guard = guard
        self._limits = limits
        self._tls = tls()

    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, wants_body: bool) -> Answer | Failed:
        """Return the answer, whatever its status, or why there was none."""
        return self._call(url, headers, body, wants_body=wants_body)

    def get(self, url: str) -> Answer | Failed:
        """Return the answer, whatever its status, or why there was none."""
        return self._call(url, {}, None, wants_body=True)

    def _call(self, url: str, headers: Mapping[str, str], body: bytes | None, *, wants_body: bool) -> Answer | Failed:
        if not _is_url(url):
            return _NOT_A_URL
        method = "GET" if body is None else "POST"
        request = Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310  # checked just above
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
