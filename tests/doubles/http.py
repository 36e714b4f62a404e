"""What every HTTP double stands on: a real server in a thread, what it was asked, and what goes wrong next.

A vendor's double derives from `HttpDouble` and says in `answer` what the vendor would do; `inject` lets the next
requests fail, one `Fault` a request, in order:

    class SomeDouble(HttpDouble):
        def answer(self, request):
            return Reply(200, {"ok": True})

    with SomeDouble() as double:
        double.inject(Fault(status=429, retry_after="17"))

`answer` runs under `double.lock`, one request at a time, so its state needs no lock of its own. An exception in it is
kept in `double.mistakes`, answered with 500, and raised where the double is left: it is a mistake of the double.
"""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

DRIP_S = 0.05
HTML = "<html>Our robots are sleepy</html>"
_ENDLESS = 60_000


@dataclass(frozen=True)
class Request:
    """What was asked. `headers` are by lower-case name; `query` has every value of a name; `body` is what came."""

    method: str
    path: str
    query: dict
    headers: dict
    body: bytes
    at: float

    @property
    def json(self):
        """Return the JSON that the body is; raises ValueError for anything else."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What is answered: text and bytes as they are, anything else as JSON, None as an empty body."""

    status: int = 200
    body: object = None
    headers: dict = field(default_factory=dict)
    content_type: str = "application/json"

    @property
    def data(self):
        """Return the bytes of the body."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    `status`, `body`, `headers`, `html`, `oversized` (bytes), `location` and `retry_after` say something else than the
    vendor would. `delay` (seconds), `drip`, `drip_headers` and `drop` (the connection is closed without a word) say it
    late, slowly or not at all. With `is_done` the vendor has done what it was asked, and only its answer goes wrong.
    """

    status: int | None = None
    body: object = None
    headers: dict = field(default_factory=dict)
    html: bool = False
    oversized: int = 0
    location: str | None = None
    retry_after: str | None = None
    delay: float = 0
    drip: bool = False
    drip_headers: bool = False
    drop: bool = False
    is_done: bool = False

    @property
    def prevents(self):
        """Whether the vendor does not do what it is asked."""
        says_otherwise = self.status is not None or self.html or self.drop or self.oversized or self.body is not None
        return bool(says_otherwise) and not self.is_done

    def reply(self, honest):
        """Return what is answered in the place of what the vendor would say (None: it was not asked)."""
        headers = dict(self.headers)
        if self.location is not None:
            headers["Location"] = self.location
        if self.retry_after is not None:
            headers["Retry-After"] = self.retry_after
        said = honest or Reply(200, {})
        status = self.status if self.status is not None else said.status
        if self.html:
            return Reply(status, HTML, headers, "text/html; charset=utf-8")
        if self.oversized:
            return Reply(status, {"filler": "x" * self.oversized}, headers)
        body = self.body if self.body is not None else said.body
        return Reply(status, body, {**said.headers, **headers}, said.content_type)


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def _handle(self):
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.command,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            time.time(),
        )
        reply, fault = self.server.double.take(request)
        self.server.stopping.wait(fault.delay)
        if fault.drop:
            self.close_connection = True
        elif fault.drip_headers:
            self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * _ENDLESS)
        else:
            self._answer(reply, fault.drip)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815  # http.server's names

    def _answer(self, reply, is_dripping):
        data = reply.data
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        try:
            self.end_headers()
        except OSError:
            return
        if is_dripping:
            self._drip(data)
        else:
            self._write(data)

    def _drip(self, data):
        for at in range(len(data)):
            if self.server.stopping.wait(DRIP_S) or not self._write(data[at : at + 1]):
                return

    def _write(self, data):
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            return False
        return True

    def log_message(self, format, *args):
        """Stay silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, double):
        super().__init__(("127.0.0.1", port), _Handler)
        self.double = double
        self.stopping = threading.Event()

    def handle_error(self, request, client_address):
        """A client that went away is what some tests are about."""


class HttpDouble:
    """A vendor over real HTTP, in a thread of this process; `origin` is its address.

    With `tls`, a server-side ssl.SSLContext, it speaks https.
    """

    def __init__(self, port=0, tls=None):
        self.lock = threading.RLock()
        self.requests: list[Request] = []
        self.mistakes: list[Exception] = []
        self._faults: list[tuple[str | None, Fault]] = []
        self._server = _Server(port, self)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"

    def answer(self, request):
        """Return the Reply that the vendor would give, and do what it would do."""
        raise NotImplementedError

    def inject(self, *faults, path=None):
        """Let the next requests (to this path, if one is named) go wrong, one fault each, in order."""
        with self.lock:
            self._faults += [(path, fault) for fault in faults]

    def take(self, request):
        """Return what is answered to a request, and what goes wrong with it."""
        with self.lock:
            self.requests.append(request)
            fault = self._next_fault(request.path)
            honest = None if fault is not None and fault.prevents else self._honest(request)
        return (fault.reply(honest) if fault else honest), fault or Fault()

    def _honest(self, request):
        try:
            return self.answer(request)
        except Exception as mistake:  # noqa: BLE001  # raised where the double is left
            self.mistakes.append(mistake)
            return Reply(500, {"error": "the double has a mistake"})

    def _next_fault(self, path):
        for index, (where, fault) in enumerate(self._faults):
            if where in {None, path}:
                del self._faults[index]
                return fault
        return None

    def start(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self):
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self.start()

    def __exit__(self, error, *_):
        self.stop()
        if error is None and self.mistakes:
            raise self.mistakes[0]
