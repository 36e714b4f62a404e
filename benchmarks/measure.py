"""Events, a vendor's double, and the clockwork of measuring."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import TracebackType
from uuid import uuid4

import requests

from benchmarks.stack import API_KEY, API_SECRET, CHANNELS, ROOT, die_with_parent, free_port, wait_for
from escalator.stream.samples import sample
from escalator.stream.signature import sign


def event(room: int = 0) -> bytes:
    """Return a new event, for one of the rooms."""
    said = json.loads(sample("threat", datetime.now(UTC), lambda: str(uuid4())))
    said["review_queue_item"]["languages"] = [f"l{room % CHANNELS}"]
    return json.dumps(said).encode()


def headers(body: bytes) -> dict[str, str]:
    """Return what Stream would send with it."""
    return {"X-Api-Key": API_KEY, "X-Signature": sign(body, API_SECRET), "Content-Type": "application/json"}


def percentile(values: Sequence[float], share: float) -> float:
    """Return that percentile of the values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))] if ordered else float("nan")


class Sink:
    """The vendor's double, as a process of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "benchmarks.sink", str(self.port)]
        self._process = subprocess.Popen(command, cwd=ROOT, preexec_fn=die_with_parent)
        wait_for(self.url + "/")

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()

    def times(self) -> list[float]:
        """Return when each message came."""
        return sorted(at for at, _path in requests.get(self.url + "/_times", timeout=10).json())

    def clear(self) -> None:
        """Forget them."""
        requests.get(self.url + "/_clear", timeout=10)

    def wait(self, count: int, seconds: float) -> list[float]:
        """Wait until so many messages have come, and return when they did."""
        ends = time.monotonic() + seconds
        pause = 0.002
        while len(found := self.times()) < count and time.monotonic() < ends:
            time.sleep(pause)
            pause = min(0.05, pause * 1.5)
        return found


def one_at_a_time(url: str, sink: Sink, count: int) -> tuple[float, float]:
    """Return p50 and p99 of an event's way from its POST to the vendor, in ms, with nothing else going on."""
    taken = []
    with requests.Session() as session:
        for number in range(count + 10):
            body = event(number)
            sink.clear()
            started = time.time()
            session.post(url, data=body, headers=headers(body), timeout=5).raise_for_status()
            found = sink.wait(1, 5)
            taken.append((found[0] - started) * 1000 if found else 5000.0)
            time.sleep(0.05)
    return statistics.median(taken[10:]), percentile(taken[10:], 0.99)


def all_at_once(url: str, sink: Sink, count: int) -> float:
    """Return the seconds from the first POST of so many different events to the last message."""
    bodies = [event(number) for number in range(count)]
    sink.clear()
    started = time.time()
    post_all(url, bodies, 16)
    found = sink.wait(count, 120)
    return (found[count - 1] - started) if len(found) >= count else float("inf")


def post_all(url: str, bodies: Sequence[bytes], at_once: int) -> float:
    """Post the events over so many connections, and return the seconds it took.

    Like Stream, it tries again after a 503, which SQLite gives when others write for two seconds.
    """
    signed = [(body, headers(body)) for body in bodies]

    def post(part: Sequence[tuple[bytes, dict[str, str]]]) -> None:
        with requests.Session() as session:
            for body, said in part:
                while (answer := session.post(url, data=body, headers=said, timeout=30)).status_code == 503:
                    time.sleep(0.1)
                answer.raise_for_status()

    started = time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(post, [signed[n::at_once] for n in range(at_once)]))
    return time.monotonic() - started
