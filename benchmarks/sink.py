"""A vendor that takes everything and notes when: stands for Slack, and for the bare pipeline's target.

It speaks just enough of Slack's Web API; what it gets is checked by the tests' double, not here.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_times: list[tuple[float, str]] = []
_lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with _lock:
            taken = json.dumps(_times).encode()
            if self.path == "/_clear":
                _times.clear()
        self._answer(taken)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        now = time.time()
        if b"chat.postMessage" in self.path.encode() or self.path == "/bare":
            with _lock:
                _times.append((now, self.path))
        said = json.loads(body) if body.startswith(b"{") else {}
        answer = {
            "ok": True,
            "channel": said.get("channel", "C1"),
            "ts": f"{now:.6f}",
            "team_id": "T1",
            "user_id": "U1",
        }
        self._answer(json.dumps(answer).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 256
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
