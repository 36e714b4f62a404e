"""slack_sdk's client with an end: bounded in time, in memory, and in where it goes.

The library's own timeout counts for each read, so an answer that drips holds a call for as long as it likes; it reads
whatever comes into memory, follows redirects with the token still attached, and a name look-up has no limit at all.
Overridden is the one method that does the HTTP: one exchange, in a thread of its own, that is cut off at the end.
"""

import http.client
import json
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.request import AbstractHTTPHandler, OpenerDirector, ProxyHandler, Request

from slack_sdk import WebClient

MAX_ANSWER_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one operation on the socket, and a whole call, may take, in seconds."""

    socket_s: float = 5.0
    total_s: float = 9.0


PATIENT = Limits()
"""For messages: two calls (one more without blocks) stay under 20 s."""

PROMPT = Limits(socket_s=2.0, total_s=2.5)
"""For what a click waits for: a trigger is good for 3 s, and the click must be answered within them."""


class BadAnswer(Exception):
    """An answer that is too large, or no JSON object."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most MAX_ANSWER_BYTES of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Wire:
    """The connection of one exchange, which another thread may cut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._is_cut = False

    def connect(self, address: tuple[str, int], timeout: float, source: tuple[str, int] | None = None) -> socket.socket:
        """Connect, and keep a second handle: TLS takes the first away while it shakes hands."""
        connection = socket.create_connection(address, timeout, source)
        with self._lock:
            if self._is_cut:
                connection.close()
                raise TimeoutError
            self._handle = connection.dup()
        return connection

    def cut(self) -> None:
        """End the exchange, wherever it is."""
        with self._lock:
            self._is_cut = True
            if self._handle is not None:
                try:
                    self._handle.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return

    def close(self) -> None:
        """Give the second handle back."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None


class _Handler(AbstractHTTPHandler):
    """Opens http and https over a wire that can be cut."""

    def __init__(self, wire: _Wire, context: ssl.SSLContext | None) -> None:
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


def exchange(request: Request, limits: Limits, context: ssl.SSLContext | None) -> Answer:
    """Send a request and return its answer, whatever its status; a redirect is an answer and is not followed.

    Raises TimeoutError when the total time is over (a thread that still looks up a name ends by itself), OSError,
    http.client.HTTPException, and BadAnswer for more than MAX_ANSWER_BYTES.
    """
    wire = _Wire()
    answer: Future[Answer] = Future()

    def run() -> None:
        try:
            answer.set_result(_exchange(request, limits, wire, context))
        except Exception as error:  # noqa: BLE001  # handed over to the caller, in whose thread it is raised
            answer.set_exception(error)
        finally:
            wire.close()

    threading.Thread(target=run, name="slack-exchange", daemon=True).start()
    try:
        return answer.result(limits.total_s)
    except TimeoutError:
        wire.cut()
        raise


def _exchange(request: Request, limits: Limits, wire: _Wire, context: ssl.SSLContext | None) -> Answer:
    opener = OpenerDirector()
    opener.add_handler(ProxyHandler())
    opener.add_handler(_Handler(wire, context))
    with opener.open(request, timeout=limits.socket_s) as response:
        body = response.read(MAX_ANSWER_BYTES + 1)
        if len(body) > MAX_ANSWER_BYTES:
            raise BadAnswer("too_large")
        return Answer(response.status, dict(response.headers.items()), body)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that an answer is; raises BadAnswer when it is none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("not_json") from None
    if not isinstance(answer, dict):
        raise BadAnswer("not_an_object")
    return answer


class BoundedWebClient(WebClient):
    """A WebClient that never retries, never logs, and whose every call has an end."""

    def __init__(self, token: str, base_url: str, limits: Limits, context: ssl.SSLContext | None) -> None:
        # slack_sdk writes bodies and addresses into its log at debug and error level.
        silent = logging.getLogger(f"{__name__}.slack_sdk")
        silent.setLevel(logging.CRITICAL + 1)
        super().__init__(token, base_url, logger=silent, retry_handlers=[])
        self._limits = limits
        self._context = context

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:  # noqa: ARG002  # slack_sdk's signature
        answer = exchange(req, self._limits, self._context)
        # The status of an error says enough; its body may be a page of HTML, which slack_sdk would put into the error.
        body = json.dumps(json_object(answer.body)) if answer.status == 200 else _error_body(answer.body)
        return {"status": answer.status, "headers": answer.headers, "body": body}


def _error_body(body: bytes) -> str:
    try:
        return json.dumps({"ok": False, "error": json_object(body).get("error")})
    except BadAnswer:
        return '{"ok": false}'
