"""From the webhook to the vendor: intake, one event at a time, a thousand at once; each beside a bare pipeline.

Ours and the bare one run side by side and are measured in turn, five times; the figures are the medians.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.measure import Sink, all_at_once, event, one_at_a_time, post_all
from benchmarks.stack import STACKS, Stack, free_port, wait_for

ROUNDS = 5
INTAKE_EVENTS, IDLE_EVENTS, BURST_EVENTS = 1000, 60, 1000
BASELINE_SECONDS = 4
WEB = ("gunicorn", "-k", "gthread", "--threads", "8", "--no-control-socket")


def _bare_web(running: Stack, app: str, sink: Sink) -> str:
    port = free_port()
    command = (sys.executable, "-m", *WEB, "-b", f"127.0.0.1:{port}", f"benchmarks.bare:{app}()")
    running.start(*command, SINK_URL=sink.url, DATABASE_URL=running.plain_url)
    wait_for(f"http://127.0.0.1:{port}/readyz")
    return f"http://127.0.0.1:{port}/webhooks/stream"


def bare_worker(running: Stack, sink: Sink) -> subprocess.Popen[bytes]:
    """Start the bare pipeline's worker."""
    quiet = ("--concurrency=2", "--loglevel=ERROR", "--without-gossip", "--without-mingle")
    return running.start(
        sys.executable, "-m", "celery", "-A", "benchmarks.bare:celery", "worker", *quiet, SINK_URL=sink.url
    )


@dataclass(frozen=True)
class _Pair:
    """The webhooks of the product and of a bare application, on the same servers."""

    running: Stack
    sink: Sink
    ours: str
    bare: str

    def in_turn(self, measure: Callable[[str, Sink], tuple[float, ...]]) -> tuple[list[float], list[float]]:
        """Return the medians of a measurement: the product's, and the bare application's."""
        taken: dict[str, list[tuple[float, ...]]] = {self.bare: [], self.ours: []}
        for _ in range(ROUNDS):
            for url, found in taken.items():
                found.append(measure(url, self.sink))
        ours, bare = (
            [statistics.median(each) for each in zip(*taken[url], strict=True)] for url in (self.ours, self.bare)
        )
        return ours, bare


@contextmanager
def _pairs(app: str, *, with_workers: bool) -> Iterator[Iterator[_Pair]]:
    """Give the product and a bare application on each kind of servers, one after another."""
    with Sink() as sink:

        def pairs() -> Iterator[_Pair]:
            for servers in STACKS:
                with servers(sink.url + "/") as running:
                    running.prepare()
                    bare = _bare_web(running, app, sink)
                    running.start_web()
                    if with_workers:
                        bare_worker(running, sink)
                        running.start_worker()
                        time.sleep(BASELINE_SECONDS)
                    yield _Pair(running, sink, f"http://127.0.0.1:{running.port}/webhooks/stream", bare)

        yield pairs()


def _rate(url: str, many: int = INTAKE_EVENTS) -> tuple[float]:
    return (many / post_all(url, [event(number) for number in range(many)], 16),)


def intake() -> list[str]:
    """Accepted events a second, without workers and with them, beside a bare Flask that commits one row."""
    rows = []
    with _pairs("intake", with_workers=False) as pairs:
        for pair in pairs:
            (ours,), (bare,) = pair.in_turn(lambda url, _sink: _rate(url))
            pair.running.start_worker()
            _wait_until_processed(pair.running)
            began = time.monotonic()
            (loaded,) = _rate(pair.ours, 2 * INTAKE_EVENTS)
            took = time.monotonic() - began
            drained = _wait_until_processed(pair.running)
            name = pair.running.label
            rows += [
                f"| intake, no workers, {name} | {ours:.0f}/s | bare Flask, one row: {bare:.0f}/s "
                f"| {ours / bare:.2f} of 1.0 |",
                f"| intake, full load with workers, {name} | {loaded:.0f}/s | the same | {loaded / bare:.2f} of 0.8 |",
                f"| backlog after {2 * INTAKE_EVENTS} events in {took:.1f} s, {name} | gone {drained:.1f} s later "
                f"| – | within {took:.1f} s |",
            ]
    return rows


def _wait_until_processed(running: Stack) -> float:
    """Wait until no event is left, and return the seconds that it took."""
    started = time.monotonic()
    while running.execute("SELECT count(*) FROM events WHERE state = 'new'") != [(0,)]:
        time.sleep(0.05)
    return time.monotonic() - started


def idle() -> list[str]:
    """Webhook to vendor with nothing else going on."""
    rows = []
    with _pairs("pipeline", with_workers=True) as pairs:
        for pair in pairs:
            (p50, p99), (bare_p50, bare_p99) = pair.in_turn(lambda url, sink: one_at_a_time(url, sink, IDLE_EVENTS))
            what = f"webhook to Slack call, idle, {pair.running.label}"
            rows += [
                f"| {what}, p50 | {p50:.1f} ms | {bare_p50:.1f} ms | {p50 / bare_p50:.1f} times of at most 1.8 |",
                f"| {what}, p99 | {p99:.1f} ms | {bare_p99:.1f} ms | {p99 / bare_p99:.1f} times of at most 2.5 |",
            ]
    return rows


def burst() -> list[str]:
    """A thousand different alerts at once, until the last is sent."""
    rows = []
    with _pairs("pipeline", with_workers=True) as pairs:
        for pair in pairs:
            (ours,), (bare,) = pair.in_turn(lambda url, sink: (all_at_once(url, sink, BURST_EVENTS),))
            rows.append(
                f"| 1,000 alerts at once, all sent, {pair.running.label} | {ours:.1f} s | {bare:.1f} s "
                f"| {ours / bare:.2f} times of at most 1.0 |"
            )
    return rows
