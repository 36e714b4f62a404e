"""How soon a process that was killed does its work again, with four busy processes beside it."""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psycopg
import requests

from benchmarks.measure import Sink
from benchmarks.stack import Stack, die_with_parent, free_port, stack, wait_for

BUSY, TRIES, PATIENCE_S = 4, 5, 60.0
BARE_GUNICORN = ("-m", "gunicorn", "--worker-class", "gthread", "--threads", "8")
BARE_CELERY = ("-m", "celery", "-A", "benchmarks.bare", "worker", "--loglevel=WARNING", "--concurrency=2")


def start() -> list[str]:
    """A gunicorn child to its next 200, and a worker to its first sweep; bare ones beside them."""
    with Sink() as sink, stack(sink.url + "/") as running:
        running.prepare()
        running.start_web()
        bare_port = free_port()
        bare = running.start(
            sys.executable, *BARE_GUNICORN, "--bind", f"127.0.0.1:{bare_port}", "benchmarks.bare:pipeline()"
        )
        wait_for(f"http://127.0.0.1:{bare_port}/readyz")
        web = running.children[0]
        with _busy():
            ours = _median(lambda: _next_answer(web.pid, running.port))
            theirs = _median(lambda: _next_answer(bare.pid, bare_port))
            sweep = _median(lambda: _first_sweep(running))
            ready = _median(lambda: _first_task(running))
    return [
        f"| after kill -9 of a web child, under a load of {BUSY}: its next answer | {ours:.1f} s "
        f"| bare Flask: {theirs:.1f} s | under 3 s |",
        f"| after kill -9 of a worker, under a load of {BUSY}: its first sweep | {sweep:.1f} s "
        f"| bare Celery, its first task: {ready:.1f} s | under 3 s |",
    ]


@contextlib.contextmanager
def _busy() -> Iterator[None]:
    hogs = [subprocess.Popen([sys.executable, "-c", "while 1: pass"], preexec_fn=die_with_parent) for _ in range(BUSY)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def _median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(TRIES))


def _next_answer(arbiter: int, port: int) -> float:
    """Kill the children of a gunicorn, and return the seconds until it answers again."""
    listed = subprocess.run(["pgrep", "-P", str(arbiter)], capture_output=True, text=True, check=True).stdout
    for pid in listed.split():
        os.kill(int(pid), signal.SIGKILL)
    began = time.monotonic()
    path = f"http://127.0.0.1:{port}/readyz"
    while time.monotonic() < began + PATIENCE_S:
        with contextlib.suppress(requests.RequestException):
            if requests.get(path, timeout=PATIENCE_S).status_code == 200:
                return time.monotonic() - began
    return float("inf")


def _first_sweep(running: Stack) -> float:
    """Start a worker, as a supervisor does, and return the seconds until it has swept; then kill it."""
    began = time.monotonic()
    worker = running.start_worker()
    with psycopg.connect(running.plain_url, autocommit=True) as connection:
        found = _until(
            lambda: (
                connection.execute(
                    "SELECT 1 FROM processes WHERE pid = %s AND last_sweep_at IS NOT NULL", (worker.pid,)
                ).fetchone()
                is not None
            )
        )
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    return found - began


def _first_task(running: Stack) -> float:
    """Start a bare worker for which a task waits, and return the seconds until it has taken it; then kill it."""
    with running.redis.client() as broker:
        broker.flushall()
        subprocess.run(
            [sys.executable, "-c", "from benchmarks.bare import notify; notify.delay('event')"],
            env=running.environment(),
            check=True,
        )
        began = time.monotonic()
        worker = running.start(sys.executable, *BARE_CELERY, SINK_URL="http://127.0.0.1:1")
        found = _until(lambda: broker.llen("celery") == 0)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    return found - began


def _until(question: Callable[[], bool]) -> float:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        if question():
            return time.monotonic()
        time.sleep(0.01)
    return float("inf")
