"""One HTTP exchange with a vendor: bounded in time, in memory, and in where it goes; and what went wrong, in a word.

`requests` reads whatever comes into memory, follows redirects with the token still attached, and its timeout counts
for each read. `bounded` makes its sessions (pdpyras' among them) do their HTTP here instead.
"""

import http.client
import io
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import AbstractHTTPHandler, OpenerDirector, ProxyHandler, Request

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from escalator.channels.wire import Guard, Limits, Wire, in_time
from escalator.model.message import Failed, FailureReason

LONGEST_RETRY_AFTER = timedelta(hours=1)
BROKEN = (OSError, http.client.HTTPException, ValueError)
"""What an exchange raises when there is no answer (BadAnswer, TimeoutError and requests' errors are among them)."""

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

_Session = TypeVar("_Session", bound=requests.Session)


class BadAnswer(ValueError):
    """An answer that is too large, or not of the form that was promised; its text is a word of ours."""


class Forbidden(OSError):
    """An address that must not be reached."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most `Limits.answer_bytes` of its body, or nothing of it where none was wanted."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Handler(AbstractHTTPHandler):
    """Opens http and https over a wire that can be cut."""

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
    """Send a request and return its answer, whatever its status; a redirect is an answer and is not followed.

    `guard` chooses the address to connect to; then no proxy is used. Where no body is wanted none is read, so that it
    cannot make a failure of what the status says. Raises TimeoutError when the total time is over, OSError,
    http.client.HTTPException, and BadAnswer for a success of more than `answer_bytes`; of anything else that is as
    large the status alone counts.
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


class _Bounded(BaseAdapter):
    """Does a session's HTTP by `exchange`; whatever the session says of timeouts, proxies and streams is not asked."""

    def __init__(self, limits: Limits, guard: Guard | None) -> None:
        super().__init__()
        self._limits = limits
        self._guard = guard
        self._tls = ssl.create_default_context()

    def send(self, request: requests.PreparedRequest, **_options: Any) -> requests.Response:  # type: ignore[override]  # every option is ours
        """Return the answer; raises what `exchange` does."""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        plain = Request(str(request.url), data=body, headers=dict(request.headers), method=request.method)  # noqa: S310  # the session is mounted for http and https only
        answer = exchange(plain, self._limits, self._tls, self._guard)
        response = requests.Response()
        response.status_code = answer.status
        response.reason = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
        response.headers = CaseInsensitiveDict(answer.headers)
        response.raw = io.BytesIO(answer.body)
        response.url = str(request.url)
        response.request = request
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Hold nothing."""


def bounded(session: _Session, limits: Limits, guard: Guard | None = None) -> _Session:
    """Return the session with its HTTP done by `exchange`, without cookies, proxies' or .netrc's help, or redirects."""
    session.trust_env = False
    session.max_redirects = 0
    session.headers["Accept-Encoding"] = "identity"
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Bounded(limits, guard))
    return session


def reason_of(status: int) -> FailureReason:
    """Return what a status that is no success means, whoever answers: a vendor, or a proxy on the way.

    A redirect is never followed, so it is a wrong address. A 4xx that is not known means what 400 does (RFC 9110, 15.5;
    RFC 6585; RFC 7725; RFC 8470). A vendor that means something else by a status says so in its own table, before this.
    """
    if status in _REASONS:
        return _REASONS[status]
    if status >= 500:
        return FailureReason.VENDOR_ERROR
    if status >= 400:
        return FailureReason.BAD_MESSAGE
    return FailureReason.BAD_TARGET if status >= 300 else FailureReason.BAD_ANSWER


def refused(status: int, headers: Mapping[str, str], reason: FailureReason | None = None, detail: str = "") -> Failed:
    """Return the failure that a status is: by `reason_of`, unless the vendor's own table says the reason or a word.

    How long to wait counts for what is worth another try.
    """
    reason = reason or reason_of(status)
    return Failed(reason, detail or f"http_{status}", retry_after(headers) if reason.is_retryable else None)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that an answer is; raises BadAnswer when it is none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("not_json") from None
    if not isinstance(answer, dict):
        raise BadAnswer("not_an_object")
    return answer


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long a vendor asks us to wait, at most an hour; None when it does not say so.

    It says it in seconds or as an instant (RFC 9110, 10.2.3), which is counted from the vendor's own `Date`; what is
    over already is no wait.
    """
    said = _header(headers, "retry-after")
    if said.isascii() and said.isdigit() and len(said) < 10:
        return min(timedelta(seconds=int(said)), LONGEST_RETRY_AFTER)
    until, since = _instant(said), _instant(_header(headers, "date"))
    return None if until is None or since is None else min(max(until - since, timedelta()), LONGEST_RETRY_AFTER)


def _header(headers: Mapping[str, str], wanted: str) -> str:
    return next((value for name, value in headers.items() if name.lower() == wanted), "").strip()


def _instant(said: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def broken(error: Exception) -> Failed:
    """Return why there was no answer. The error's own words are not kept: they may hold an address."""
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
