"""Ten thousand alerts of one category within a minute, and one of another category in the middle of them.

Everything goes to one channel of a Slack that takes one message a second there; every alert is by somebody else, so
that nothing is grouped. What must hold: nobody's first alert waits, Slack is never spoken to too fast, nothing is lost.
"""

import json
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import requests

from benchmarks.measure import percentile
from escalator.store.migrate import migrate
from escalator.stream.signature import sign
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_limits import Limits
from tests.doubles.slack_state import Message
from tests.live.installation import PREFORK, STREAM_KEY, STREAM_SECRET, Installation, event, wait_until
from tests.servers import PostgresServer, RedisServer

ALERTS = 10_000
SECONDS = 60
SENDERS = 8
ROOM = "C0ROOM"
SETTLED_S = 300
_POLICY = Path(__file__).with_name("storm.yml")


@dataclass
class Storm:
    """One run: the flood in the background, and what is seen meanwhile."""

    installed: Installation
    slack: SlackDouble
    plain_url: str
    refused: int = 0
    worst_backlog: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def bodies(self, label: str) -> Iterator[bytes]:
        """Yield events about different items by different authors."""
        body = json.loads(event(label))
        text = json.dumps(body)
        item, author = body["review_queue_item"]["id"], body["review_queue_item"]["entity_creator_id"]
        while True:
            new = text.replace(item, str(uuid4())).replace(author, f"user-{uuid4().hex[:12]}")
            yield new.encode()

    def flood(self, bodies: Sequence[bytes]) -> None:
        """Send the alerts within a minute, each at its time."""
        started = time.monotonic()

        def send(part: int) -> None:
            with requests.Session() as session:
                for number in range(part, ALERTS, SENDERS):
                    time.sleep(max(0.0, started + number * SECONDS / ALERTS - time.monotonic()))
                    body = bodies[number]
                    headers = {"X-Api-Key": STREAM_KEY, "X-Signature": sign(body, STREAM_SECRET)}
                    answer = session.post(self.installed.url("/webhooks/stream"), data=body, headers=headers)
                    self.refused += answer.status_code != 200

        threads = [threading.Thread(target=send, args=(part,)) for part in range(SENDERS)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.is_over.set()

    def watch(self) -> None:
        """Note the worst backlog of events that are not processed."""
        with psycopg.connect(self.plain_url, autocommit=True) as connection:
            while not self.is_over.wait(0.5):
                row = connection.execute("SELECT count(*) FROM events WHERE state = 'new'").fetchone()
                self.worst_backlog = max(self.worst_backlog, row[0] if row else 0)

    def first(self, words: str, since: float) -> float:
        """Return the seconds from then until a message with these words stands."""
        found = wait_until(lambda: self._with(words), f"a message says {words}", within_s=SETTLED_S)
        return found.at - since

    def _with(self, words: str) -> Message | None:
        with self.slack.lock:
            return next((one for one in self.slack.messages if words in one.text), None)

    def acknowledge(self) -> tuple[float, float]:
        """Let Ana take the newest alert; return the seconds until Slack has its 200, and until the message shows it."""
        message = [one for one in self.installed.messages(ROOM) if "Acknowledge" in one.labels][-1]
        started = time.time()
        self.installed.click("ana", "Acknowledge", message)
        answered = time.time() - started
        wait_until(lambda: message.updates, "the message shows it", within_s=SETTLED_S)
        return answered, float(message.updates[0]["at"]) - started

    def asked(self, question: str) -> int:
        """Return a number from the database."""
        with psycopg.connect(self.plain_url, autocommit=True) as connection:
            row = connection.execute(question).fetchone()
        return int(row[0]) if row else 0


_WAITING = (
    "SELECT (SELECT count(*) FROM events WHERE state = 'new') + "
    "(SELECT count(*) FROM deliveries WHERE state IN ('pending', 'sending', 'listed'))"
)


def storm() -> list[str]:
    """Return what came of it."""
    with _storm() as running:
        made = running.bodies("THREAT")
        bodies = [next(made) for _ in range(ALERTS)]
        flooding = [threading.Thread(target=running.flood, args=(bodies,)), threading.Thread(target=running.watch)]
        flooded_at = time.time()
        for one in flooding:
            one.start()
        first = running.first("Threat", flooded_at)
        time.sleep(max(0.0, flooded_at + SECONDS / 2 - time.time()))
        other_at = time.time()
        running.installed.post(next(running.bodies("SELF_HARM")))
        other = running.first("Self-harm", other_at)
        acts = [running.acknowledge() for _ in range(5)]
        for one in flooding:
            one.join()
        over_at = time.time()
        wait_until(lambda: running.asked(_WAITING) == 0, "everything is told", within_s=SETTLED_S)
        return _rows(running, first, other, acts, time.time() - over_at)


def _rows(running: Storm, first: float, other: float, acts: list[tuple[float, float]], drained: float) -> list[str]:
    stored = running.asked("SELECT count(*) FROM incidents")
    opened = running.asked("SELECT count(DISTINCT incident_id) FROM audit_records WHERE action = 'incident.opened'")
    lists = running.asked("SELECT count(*) FROM deliveries WHERE occasion = 'list' AND state = 'delivered'")
    told = running.asked("SELECT count(*) FROM deliveries WHERE kind = 'page' AND state = 'delivered'")
    limits = running.slack.limits
    violations = len(limits.violations) if limits else 0
    answered, shown = sorted(one for one, _ in acts), sorted(one for _, one in acts)
    what = f"{ALERTS:,} alerts in {SECONDS} s"
    middle = percentile(answered, 0.5), percentile(shown, 0.5)
    return [
        f"| {what}: the first is out after | {first:.2f} s | – | within 1 s |",
        f"| {what}: the first of another category after | {other:.2f} s | – | within 2 s |",
        f"| {what}: messages that Slack called too many | {violations} | – | 0 |",
        f"| {what} and one: on record | {stored:,}, of which opened {opened:,} | – | {ALERTS + 1:,} |",
        f"| {what}: refused, worst backlog of events | {running.refused}, {running.worst_backlog} | – | 0, small |",
        f"| {what}: told, in lists | {told:,}, {lists} | – | all |",
        f"| {what}: everything told after the last | {drained:.0f} s | – | – |",
        f"| {what}: a click is answered after | {middle[0]:.2f} s, slowest {answered[-1]:.2f} s | – | 3 s |",
        f"| {what}: its message shows it after | {middle[1]:.2f} s, slowest {shown[-1]:.2f} s | – | 2 s |",
    ]


@contextmanager
def _storm() -> Iterator[Storm]:
    with PostgresServer() as postgres, RedisServer() as redis, SlackDouble() as slack:
        slack.limits = Limits()
        postgres.create_database("storm")
        url = postgres.url("storm")
        migrate(url.replace("postgresql://", "postgresql+psycopg://"))
        installed = Installation(url, redis, slack, Path(tempfile.mkdtemp(prefix="bench-")))
        installed.use(_POLICY, SLACK_PACE="1")
        try:
            installed.start(*PREFORK)
            yield Storm(installed, slack, url)
        finally:
            installed.close()
