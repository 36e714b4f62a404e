"""One of five destinations hangs: how much later the other four are told than when all five answer.

Each alert goes to one of five webhooks by its language, ten alerts a second. The answers of the one that hangs are
held: its calls end when their time is over.
"""

import json
import os
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

import requests

from benchmarks.measure import Sink, event, headers, percentile
from benchmarks.stack import POLICY, Stack, stack

DESTINATIONS = 5
HANGS = 0
ALERTS = 200
A_SECOND = 10.0
SETTLED_S = 40.0
MOST_RATIO = 2.0
_SECRET = "whsec_aGVsbG8taGVsbG8taGVsbG8="


class _Hooks(ThreadingHTTPServer):
    """Webhooks by the number in their path; notes how long after its acceptance each alert has come."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        self.took: dict[tuple[int, int], float] = {}
        self.lock, self.go_on = Lock(), Event()
        super().__init__(("127.0.0.1", 0), _Hook)

    def told(self) -> list[float]:
        """Return the seconds that each alert took to a destination that does not hang."""
        with self.lock:
            return [took for (place, _number), took in self.took.items() if place != HANGS]


class _Hook(BaseHTTPRequestHandler):
    server: _Hooks

    def do_POST(self) -> None:
        came = time.time()
        place = int(self.path.strip("/"))
        said = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))["data"]
        if place == HANGS and not self.server.go_on.wait(SETTLED_S):
            return
        if "opened_at" in said:  # a list of many is about no single one
            opened = datetime.fromisoformat(said["opened_at"]).timestamp()
            with self.server.lock:
                self.server.took.setdefault((place, said["number"]), came - opened)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


def hanging() -> list[str]:
    """Return the 99th percentile of the other four, with and without one that hangs, and their ratio."""
    os.environ["WEBHOOK_ALLOW_PRIVATE"] = "127.0.0.0/8"
    well, unwell = (_measured(is_hanging=is_hanging) for is_hanging in (False, True))
    before, after = percentile(well, 0.99), percentile(unwell, 0.99)
    what = f"one of {DESTINATIONS} destinations hangs, {A_SECOND:.0f} alerts/s: acceptance to call of the others, p99"
    bound = f"{MOST_RATIO:.0f} times; is {after / before:.1f}"
    lost = f", {len(well) - len(unwell)} not told" if len(unwell) < len(well) else ""
    return [f"| {what} | {after * 1000:.0f} ms{lost} | none hangs: {before * 1000:.0f} ms | {bound} |"]


def _measured(*, is_hanging: bool) -> list[float]:
    """Return how many seconds each alert of the other four took from its acceptance to its call."""
    hooks = _Hooks()
    if not is_hanging:
        hooks.go_on.set()
    Thread(target=hooks.serve_forever, daemon=True).start()
    try:
        with Sink() as sink, stack(sink.url) as made:
            _start(made, hooks.server_address[1])
            wanted = _send(f"http://127.0.0.1:{made.port}/webhooks/stream")
            ends = time.monotonic() + SETTLED_S
            while len(hooks.told()) < wanted and time.monotonic() < ends:
                time.sleep(0.1)
            return hooks.told()
    finally:
        hooks.go_on.set()
        hooks.shutdown()


def _start(made: Stack, port: int) -> None:
    made.prepare()
    places = range(DESTINATIONS)
    hooks = [f'  hook-{n}: {{webhook: "http://127.0.0.1:{port}/{n}", secret: "{_SECRET}"}}' for n in places]
    routes = [
        f"  - {{name: Hook {n}, when: {{category: threat, language: l{n}}}, path: hook-{n}, assign: mods}}"
        for n in places
    ]
    paths = [f"  hook-{n}: [{{notify: [hook-{n}]}}, {{after: 1h, notify: [seniors]}}]" for n in places]
    said = {"destinations": "\n".join(hooks), "routes": "\n".join(routes), "paths": "\n".join(paths)}
    (made.folder / "escalation.yml").write_text(POLICY % said)
    made.start_web()
    made.start_worker()
    time.sleep(10)


def _send(url: str) -> int:
    """Send the alerts at their pace; return how many of them go to a destination that does not hang."""
    started = time.monotonic()
    with requests.Session() as session:
        for turn in range(ALERTS):
            time.sleep(max(0.0, started + turn / A_SECOND - time.monotonic()))
            body = event(turn % DESTINATIONS)
            session.post(url, data=body, headers=headers(body), timeout=10).raise_for_status()
    return sum(turn % DESTINATIONS != HANGS for turn in range(ALERTS))
