"""The measurements of the design's table `How fast`, each beside its baseline in the same run."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import requests

from benchmarks.stack import API_KEY, CHANNELS, ROOT, Stack, free_port, wait_for
from escalator.stream.samples import sample
from escalator.stream.signature import sign

SECRET = "bench-secret"


def event(room: int = 0) -> bytes:
    """Return a new event, for one of the rooms."""
    said = json.loads(sample("threat", datetime.now(UTC), lambda: str(uuid4())))
    said["review_queue_item"]["languages"] = [f"l{room % CHANNELS}"]
    return json.dumps(said).encode()


def headers(body: bytes) -> dict[str, str]:
    """Return what Stream would send with it."""
    return {"X-Api-Key": API_KEY, "X-Signature": sign(body, SECRET), "Content-Type": "application/json"}


def percentile(values: Sequence[float], share: float) -> float:
    """Return that percentile of the values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


class Sink:
    """The vendor's double, as a process of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = subprocess.Popen([sys.executable, "-m", "benchmarks.sink", str(self.port)], cwd=ROOT)
        wait_for(self.url + "/")

    def times(self) -> list[float]:
        """Return when each message came."""
        return sorted(at for at, _path in requests.get(self.url + "/_times", timeout=10).json())

    def clear(self) -> None:
        """Forget them."""
        requests.get(self.url + "/_clear", timeout=10)

    def wait(self, count: int, seconds: float = 60) -> list[float]:
        """Wait until so many messages have come, and return when they did."""
        ends = time.monotonic() + seconds
        while len(found := self.times()) < count and time.monotonic() < ends:
            time.sleep(0.02)
        return found

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def idle_latency(url: str, sink: Sink, count: int = 150) -> dict[str, float]:
    """Return how long one event takes from its POST to the vendor, in ms, one at a time."""
    taken = []
    with requests.Session() as session:
        for number in range(count):
            body = event(number)
            sink.clear()
            started = time.time()
            session.post(url, data=body, headers=headers(body), timeout=5).raise_for_status()
            found = sink.wait(1, 5)
            taken.append((found[0] - started) * 1000 if found else 5000.0)
            time.sleep(0.03)
    taken = taken[10:]
    return {"p50": statistics.median(taken), "p99": percentile(taken, 0.99)}


def burst(url: str, sink: Sink, count: int = 1000) -> float:
    """Return the seconds from the first POST of so many different events to the last message."""
    bodies = [event(number) for number in range(count)]
    sink.clear()
    started = time.time()
    _post_all(url, bodies, 16)
    found = sink.wait(count, 120)
    return (found[count - 1] if len(found) >= count else time.time() + 999) - started


def _post_all(url: str, bodies: Sequence[bytes], at_once: int) -> float:
    def post(part: Sequence[bytes]) -> None:
        with requests.Session() as session:
            for body in part:
                session.post(url, data=body, headers=headers(body), timeout=10).raise_for_status()

    started = time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(post, [bodies[n::at_once] for n in range(at_once)]))
    return time.monotonic() - started


def lateness(stack: Stack) -> list[float]:
    """Return the lateness in ms of every escalation fired, as recorded."""
    with psycopg.connect(stack.database_url) as connection:
        rows = connection.execute(
            "SELECT after FROM records WHERE action = 'step.fired' AND after LIKE '%late_ms%'"
        ).fetchall()
    return [float(json.loads(row[0])["late_ms"]) for row in rows]
