"""From the webhook to the vendor: intake, one event at a time, a thousand at once; each beside a bare pipeline."""

import subprocess
import sys
import time

import psycopg

from benchmarks.measure import Sink, all_at_once, event, one_at_a_time, post_all
from benchmarks.stack import Stack, free_port, stack, wait_for

EVENTS = 2000
ROUNDS = 3
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


def _our_url(running: Stack) -> str:
    return f"http://127.0.0.1:{running.port}/webhooks/stream"


def _best(seconds: list[float]) -> float:
    """Return the middle of the rounds."""
    return sorted(seconds)[len(seconds) // 2]


def intake() -> list[str]:
    """Accepted events a second: ours without workers, with workers, and a bare Flask that commits one row."""
    with Sink() as sink, stack(sink.url + "/") as running:
        running.prepare()
        url = _bare_web(running, "intake", sink)
        bare = _rate(url)
        running.stop()
        running.start_web()
        alone = EVENTS / _best(
            [post_all(_our_url(running), [event(n) for n in range(EVENTS)], 16) for _ in range(ROUNDS)]
        )
        running.stop()
        running.prepare()
        running.start_web()
        running.start_worker()
        time.sleep(5)
        took = post_all(_our_url(running), [event(n) for n in range(EVENTS)], 16)
        drained = _drained(running)
    return [
        f"| intake, no workers | {alone:.0f}/s | bare Flask, one row: {bare:.0f}/s | {alone / bare:.2f} of 0.7 |",
        f"| intake, full load with workers | {EVENTS / took:.0f}/s | the same | {EVENTS / took / bare:.2f} of 0.35 |",
        f"| backlog after {EVENTS} events in {took:.1f} s | gone {drained:.1f} s later | – | within {took:.1f} s |",
    ]


def _rate(url: str) -> float:
    """Return the accepted events a second, the middle of some rounds."""
    return EVENTS / _best([post_all(url, [event(n) for n in range(EVENTS)], 16) for _ in range(ROUNDS)])


def _drained(running: Stack) -> float:
    started = time.monotonic()
    with psycopg.connect(running.plain_url, autocommit=True) as connection:
        while connection.execute("SELECT count(*) FROM events WHERE state = 'new'").fetchone() != (0,):
            time.sleep(0.05)
    return time.monotonic() - started


def _beside(measure: str) -> tuple[object, object]:
    """Return the same measurement of the bare pipeline and of the product."""
    with Sink() as sink, stack(sink.url + "/") as running:
        running.prepare()
        url = _bare_web(running, "pipeline", sink)
        bare_worker(running, sink)
        time.sleep(4)
        bare = _measured(measure, url, sink)
        running.stop()
        running.start_web()
        running.start_worker()
        time.sleep(5)
        return bare, _measured(measure, _our_url(running), sink)


def _measured(measure: str, url: str, sink: Sink) -> object:
    if measure == "idle":
        return one_at_a_time(url, sink, 200)
    return _best([all_at_once(url, sink, 1000) for _ in range(ROUNDS)])


def idle() -> list[str]:
    """Webhook to vendor with nothing else going on."""
    (bare_p50, bare_p99), (p50, p99) = _beside("idle")  # type: ignore[misc,has-type]
    what = "webhook to Slack call, idle"
    return [
        f"| {what}, p50 | {p50:.1f} ms | {bare_p50:.1f} ms | {p50 / bare_p50:.1f} times of at most 2 |",
        f"| {what}, p99 | {p99:.1f} ms | {bare_p99:.1f} ms | {p99 / bare_p99:.1f} times of at most 3 |",
    ]


def burst() -> list[str]:
    """A thousand different alerts at once, until the last is sent."""
    bare, ours = _beside("burst")
    assert isinstance(bare, float)
    assert isinstance(ours, float)
    return [
        f"| 1,000 alerts at once, all sent | {ours:.1f} s | {bare:.1f} s | {ours / bare:.2f} times of at most 1.0 |"
    ]
