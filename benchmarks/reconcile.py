"""What it costs to compare Stream's queue with what came by webhook, in a minute in which nothing was lost."""

import json
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import urlopen

from benchmarks.stack import ROOT, die_with_parent, free_port, wait_for
from escalator.bootstrap import build
from escalator.model.facts import ItemState
from escalator.services.core.context import Core
from escalator.services.intake.process import process_events
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.services.stream.reconcile import reconcile_due_sources
from escalator.settings import read_settings
from escalator.store import jobs, stream_items, stream_sync
from escalator.store.migrate import migrate
from escalator.store.stream_items import SeenItem
from escalator.store.tables import events
from escalator.store.tables import stream_items as table
from escalator.stream.signature import sign

ITEMS, OPEN, ITEM_BYTES = 100_000, 50, 14_000
APART = timedelta(days=7) / ITEMS
_RUNS, _MOST_MS, _MOST_CALLS = 5, 50, 2
_POLICY = """\
version: 1
sources:
  app: {api_key: key, api_secret: secret}
people:
  ana: {name: Ana, slack: U0ANA, role: admin}
teams:
  mods: {members: [ana]}
destinations:
  alerts: {slack: "#alerts", urgent: true}
categories:
  hate: {title: Hate, labels: [HATE]}
routes:
  - {name: All, when: {category: hate}, assign: mods, path: one}
default: one
paths:
  one:
    - {notify: [alerts]}
"""


def item(number: int, newest: datetime) -> dict[str, object]:
    """Return one item of the queue; the last one was updated at `newest`."""
    at = (newest - (ITEMS - 1 - number) * APART).isoformat()
    flag = {"type": "bodyguard", "labels": ["HATE"], "created_at": at}
    text = {"texts": ["x" * ITEM_BYTES]}
    about = {"entity_type": "acme:post", "entity_id": f"post-{number}", "moderation_payload": text, "flags": [flag]}
    return {"id": f"{number:08x}-0000-4000-8000-000000000000", "created_at": at, "updated_at": at, **about}


def reconcile() -> list[str]:
    """Run it five times over a queue of 100,000 items, of which all are known and 50 belong to open incidents."""
    newest = datetime.now(UTC) - timedelta(seconds=31)
    with tempfile.TemporaryDirectory() as folder, _queue(newest) as url:
        core = _installed(Path(folder), url, newest)
        spent_ms, asked = [], []
        for _run in range(_RUNS + 1):
            _make_due(core)
            before, started = _count(url), time.process_time()
            reconcile_due_sources(core)
            spent_ms.append((time.process_time() - started) * 1000)
            asked.append(_count(url) - before)
        with core.database.reading() as connection:
            stored = connection.execute(events.select().where(events.c.type == "escalator.recovered")).all()
        core.database.close()
    assert not stored, "nothing was lost"
    worst, calls = max(spent_ms[1:]), max(asked[1:])
    bound = f"under {_MOST_MS} ms, at most {_MOST_CALLS} calls"
    what = f"a minute of reconcile, {ITEMS:,} items in the queue, {OPEN} open incidents, CPU"
    return [f"| {what} | {worst:.0f} ms, {calls} calls | first run: {spent_ms[0]:.0f} ms | {bound} |"]


def _installed(folder: Path, url: str, newest: datetime) -> Core:
    """Return an installation that knows every item of the queue, and has incidents of the last ones."""
    (folder / "escalation.yml").write_text(_POLICY)
    values = {
        "DATABASE_URL": f"sqlite:///{folder / 'escalator.db'}",
        "ESCALATOR_POLICY": str(folder / "escalation.yml"),
        "ESCALATOR_VAR": str(folder),
        "ESCALATOR_MODE": "production",
        "SECRET_KEY": "secret-key",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "secret",
        "STREAM_API_URL": url,
    }
    core = build(read_settings(values))
    migrate(values["DATABASE_URL"])
    core.policies.offer(core.database)
    receiver = WebhookReceiver(core)
    for number in range(ITEMS - OPEN, ITEMS):
        event = {"type": "review_queue_item.new", "review_queue_item": item(number, newest)}
        body = json.dumps(event).encode()
        receiver.receive(WebhookRequest(body, "key", sign(body, "secret"), ""))
    while process_events(core):
        pass
    with core.database.writing() as connection:
        states = (
            ItemState(f"{number:08x}-0000-4000-8000-000000000000", newest - (ITEMS - 1 - number) * APART)
            for number in range(ITEMS - OPEN)
        )
        stream_items.record_seen(connection, (SeenItem("app", state, newest) for state in states))
        stream_sync.record_connected(connection, "app", newest - timedelta(days=8), newest)
        watermark = newest - timedelta(seconds=120)
        stream_sync.update_state(connection, "app", newest, watermark=watermark, ran_at=core.clock.now())
    return core


def _make_due(core: Core) -> None:
    """Let a minute have passed, in which it is also time to ask for the items of open incidents."""
    with core.database.writing() as connection:
        jobs.make_due(connection, "reconcile:app")
        long_ago = core.clock.now() - timedelta(minutes=11)
        connection.execute(table.update().where(table.c.confirmed_at >= long_ago).values(confirmed_at=long_ago))


def _count(url: str) -> int:
    with urlopen(f"{url}/_count") as answer:  # noqa: S310  # our own stand-in
        return int(answer.read())


@contextmanager
def _queue(newest: datetime) -> Iterator[str]:
    """Run a stand-in for Stream in a process of its own, so that its CPU time is not counted."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.reconcile", str(port), newest.isoformat()]
    process = subprocess.Popen(command, cwd=ROOT, preexec_fn=die_with_parent)  # noqa: S603, PLW1509
    try:
        wait_for(f"http://127.0.0.1:{port}/_count")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _serve(port: int, newest: datetime) -> None:
    """Answer queries of the review queue by the time of the last update, and by id."""
    times = [newest - (ITEMS - 1 - number) * APART for number in range(ITEMS)]
    asked = [0]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, str(asked[0]).encode())

        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked[0] += 1
            wanted = query["filter"]
            if "id" in wanted:
                numbers = [int(item_id[:8], 16) for item_id in wanted["id"]["$in"]]
            else:
                first = bisect_left(times, datetime.fromisoformat(wanted["updated_at"]["$gte"]))
                numbers = list(range(first, min(first + query["limit"], ITEMS)))
            self._answer(201, json.dumps({"items": [item(number, newest) for number in numbers]}).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response_only(status)
            self.send_header("Date", format_datetime(datetime.now(UTC), usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
