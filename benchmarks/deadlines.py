"""Punctuality: how late deadlines fire, what a hundred thousand of them cost, and what a kill -9 adds."""

import json
import os
import signal
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from benchmarks.measure import Sink, event, percentile, post_all
from benchmarks.stack import Stack, stack

_COPY = """
INSERT INTO incidents
SELECT (jsonb_populate_record(i, jsonb_build_object(
    'id', md5(n::text), 'number', 1000000 + n, 'due_at', now() + interval '6 hours' + n * interval '10 ms',
    'timer_set_for', NULL))).*
FROM incidents i, generate_series(1, 100000) n WHERE number = (SELECT min(number) FROM incidents)
"""


def _late_ms(running: Stack) -> list[float]:
    with psycopg.connect(running.plain_url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT after FROM audit_records WHERE action = 'step.fired' AND after LIKE '%late_ms%'"
        ).fetchall()
    return [float(json.loads(row[0])["late_ms"]) for row in rows]


def _wait_for_firings(running: Stack, count: int, seconds: float) -> list[float]:
    ends = time.monotonic() + seconds
    while len(found := _late_ms(running)) < count and time.monotonic() < ends:
        time.sleep(0.2)
    return found


def lateness() -> list[str]:
    """One escalation at a time, and a thousand that fall due within one second."""
    with Sink() as sink, stack(sink.url + "/") as running:
        running.prepare(after="3s")
        running.start_web()
        running.start_worker()
        time.sleep(5)
        url = f"http://127.0.0.1:{running.port}/webhooks/stream"
        for number in range(60):
            post_all(url, [event(number)], 1)
            time.sleep(0.25)
        single = _wait_for_firings(running, 60, 20)
        running.stop()
        running.prepare(after="60s")
        running.start_web()
        running.start_worker()
        time.sleep(5)
        post_all(url, [event(number) for number in range(1000)], 16)
        _settle(running)
        due = datetime.now(UTC) + timedelta(seconds=8)
        with psycopg.connect(running.plain_url) as connection:
            connection.execute(
                "UPDATE incidents SET due_at = %s + (number %% 1000) * interval '1 ms', timer_set_for = NULL", (due,)
            )
        many = _wait_for_firings(running, 1000, 40)
    return [
        f"| lateness of one escalation, p50 | {statistics.median(single):.0f} ms | – | under 20 ms |",
        f"| lateness of one escalation, p99 | {percentile(single, 0.99):.0f} ms | – | under 100 ms |",
        f"| lateness, 1,000 due in one second, p99 ({len(many)} fired) | {percentile(many, 0.99):.0f} ms "
        "| bare Celery countdown: 1,150 ms | under 300 ms |",
    ]


def _settle(running: Stack) -> None:
    """Wait until everything posted has been processed and sent."""
    with psycopg.connect(running.plain_url, autocommit=True) as connection:
        waiting = (
            "SELECT (SELECT count(*) FROM events WHERE state = 'new') + "
            "(SELECT count(*) FROM deliveries WHERE state IN ('pending', 'sending'))"
        )
        while connection.execute(waiting).fetchone() != (0,):
            time.sleep(0.1)


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(grandchild for child in children for grandchild in _tree(int(child)))]


def pss_mb(pids: list[int]) -> float:
    """Return the proportional set size of these processes, in MB."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def _cpu_s(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def pending() -> list[str]:
    """A worker with a hundred thousand pending deadlines beside one with none: memory and idle CPU."""
    with Sink() as sink, stack(sink.url + "/") as running:
        running.prepare()
        running.start_web()
        worker = running.start_worker()
        time.sleep(5)
        post_all(f"http://127.0.0.1:{running.port}/webhooks/stream", [event(0)], 1)
        time.sleep(5)
        none = pss_mb(_tree(worker.pid))
        with psycopg.connect(running.plain_url) as connection:
            connection.execute(_COPY)
        time.sleep(20)
        before = _cpu_s(_tree(worker.pid))
        time.sleep(20)
        share = (_cpu_s(_tree(worker.pid)) - before) / 20
        many = pss_mb(_tree(worker.pid))
    return [
        f"| worker memory with 100,000 pending deadlines | {many:.0f} MB | with none: {none:.0f} MB | within 10 MB |",
        f"| worker idle CPU with 100,000 pending deadlines | {share:.1%} | – | under 1 % |",
    ]


def kill() -> list[str]:
    """The only worker killed with deadlines ahead and started again at once, as a supervisor does."""
    with Sink() as sink, stack(sink.url + "/") as running:
        running.prepare(after="8s")
        running.start_web()
        worker = running.start_worker()
        time.sleep(5)
        post_all(f"http://127.0.0.1:{running.port}/webhooks/stream", [event(n) for n in range(100)], 8)
        time.sleep(3)
        os.killpg(worker.pid, signal.SIGKILL)
        running.start_worker()
        late = _wait_for_firings(running, 100, 40)
    return [f"| after kill -9 of the worker, the latest of {len(late)} | {max(late) / 1000:.1f} s | – | under 10 s |"]
