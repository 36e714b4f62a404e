"""One HTTP exchange with a vendor, bounded in time, memory and addresses; and failures in one word.

`sessions` makes sessions of `requests` use it.
"""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.request import AbstractHTTPHandler, OpenerDirector, ProxyHandler, Request

from escalator.channels.deadline_socket import Guard, Limits, Wire, in_time
from escalator.channels.rate_limits import retry_after
from escalator.model.message import Failed, FailureReason

BROKEN = (OSError, http.client.HTTPException, ValueError)
"""The errors of an exchange without an answer (also BadAnswer, TimeoutError and requests' errors)."""

_REASONS: Mapping[int, FailureReason] = {
    401: FailureReason.BAD_CREDENTIALS,
    402: FailureReason.NOT_SUPPORTED,
    403: FailureReason.BAD_CREDENTIALS,
    404: FailureReason.BAD_TARGET,
    405: FailureReason.BAD_TARGET,
    407: FailureReason.BAD_CREDENTIALS,
    408: FailureReason.TIMEOUT,
    409: FailureReason.VENDOR_ERROR,
    410: FailureReason.BAD_TARGET,
    421: FailureReason.VENDOR_ERROR,
    423: FailureReason.VENDOR_ERROR,
    424: FailureReason.VENDOR_ERROR,
    425: FailureReason.VENDOR_ERROR,
    426: FailureReason.BAD_TARGET,
    429: FailureReason.RATE_LIMITED,
    451: FailureReason.BAD_TARGET,
}


class BadAnswer(ValueError):
    """An answer that is too large or of the wrong form; its text is one of our words."""


class Forbidden(OSError):
    """An address that must not be reached."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: at most `Limits.answer_bytes` of its body, or no body where none was wanted."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Handler(AbstractHTTPHandler):
    """Opens http and https over a wire that can be closed."""

    def __init__(self, wire: Wire, context: ssl.SSLContext | None) -> None:
        super().__init__()
        self._wire = wire
        self._context = context

    def http_open(self, request: Request) -> http.client.HTTPResponse:
        return self.do_open(self._plain, request)

    def https_open(self, request: Request) -> http.client.HTTPResponse:
        return self.do_open(self._secure, request)

    http_request = AbstractHTTPHandler.do_request_
    https_request = AbstractHTTPHandler.do_request_

    def _plain(self, host: str, **options: Any) -> http.client.HTTPConnection:
        return self._wired(http.client.HTTPConnection(host, **options))

    def _secure(self, host: str, **options: Any) -> http.client.HTTPConnection:
        return self._wired(http.client.HTTPSConnection(host, context=self._context, **options))

    def _wired(self, connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
        connection._create_connection = self._wire.connect  # type: ignore[attr-defined]  # http.client's own seam
        return connection


def exchange(
    request: Request,
    limits: Limits,
    context: ssl.SSLContext | None,
    guard: Guard | None = None,
    *,
    wants_body: bool = True,
) -> Answer:
    """Send a request and return its answer with any status; a redirect is not followed.

    `guard` chooses the address to connect to; then no proxy is used. With `wants_body` False the body is not read, so
    that it cannot cause a failure. Raises TimeoutError when the total time is over, OSError, http.client.HTTPException,
    and BadAnswer for a success of more than `answer_bytes`; a larger body of any other status is ignored.
    """

    def run(wire: Wire) -> Answer:
        opener = OpenerDirector()
        opener.add_handler(ProxyHandler({} if guard else None))
        opener.add_handler(_Handler(wire, context))
        with opener.open(request, timeout=limits.socket_s) as response:
            body = response.read(limits.answer_bytes + 1) if wants_body else b""
            if len(body) > limits.answer_bytes:
                if 200 <= response.status < 300:
                    raise BadAnswer("too_large")
                body = b""
            return Answer(response.status, dict(response.headers.items()), body)

    return in_time(run, limits.total_s, guard)


def reason_of(status: int) -> FailureReason:
    """Return the failure reason of a status, from a vendor or a proxy on the way.

    A redirect is never followed, so it is a wrong address. An unknown 4xx means the same as 400 (RFC 9110, 15.5; RFC
    6585; RFC 7725; RFC 8470). A vendor with another meaning of a status checks its own table first.
    """
    if status in _REASONS:
        return _REASONS[status]
    if status >= 500:
        return FailureReason.VENDOR_ERROR
    if status >= 400:
        return FailureReason.BAD_MESSAGE
    return FailureReason.BAD_TARGET if status >= 300 else FailureReason.BAD_ANSWER


def refused(status: int, headers: Mapping[str, str], reason: FailureReason | None = None, detail: str = "") -> Failed:
    """Return the failure of a status: by `reason_of`, unless the vendor's table gives `reason` or `detail`.

    The time to wait is kept for reasons that are retried.
    """
    reason = reason or reason_of(status)
    return Failed(reason, detail or f"http_{status}", retry_after(headers) if reason.is_retryable else None)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; raises BadAnswer when it is none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("not_json") from None
    if not isinstance(answer, dict):
        raise BadAnswer("not_an_object")
    return answer


def broken(error: Exception) -> Failed:
    """Return why there was no answer. The error's own text is dropped: it may hold an address."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return Failed(FailureReason.TIMEOUT)
    if isinstance(cause, BadAnswer):
        return Failed(FailureReason.BAD_ANSWER, str(cause))
    if isinstance(cause, Forbidden):
        return Failed(FailureReason.FORBIDDEN, "private_address")
    if isinstance(cause, ssl.SSLError):
        return Failed(FailureReason.UNREACHABLE, "tls")
    if isinstance(cause, OSError):
        return Failed(FailureReason.UNREACHABLE)
    return Failed(FailureReason.BAD_ANSWER)
