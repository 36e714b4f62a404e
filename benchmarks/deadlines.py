"""Punctuality: how late deadlines fire, what a hundred thousand of them cost, and what a kill -9 adds."""

import json
import os
import signal
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks.measure import Sink, event, percentile, post_all
from benchmarks.pipeline import bare_worker
from benchmarks.processes import cpu_s, pss_mb, tree
from benchmarks.stack import STACKS, PostgresStack, Stack, stack

_MANY = 1000
_COPIES = (
    """
    INSERT INTO incidents
    SELECT (jsonb_populate_record(i, jsonb_build_object(
        'id', md5(n::text), 'number', 1000000 + n, 'due_at', now() + interval '6 hours' + n * interval '10 ms',
        'timer_set_for', NULL))).*
    FROM incidents i, generate_series(1, 100000) n WHERE number = (SELECT min(number) FROM incidents)
    """,
    """
    INSERT INTO deliveries
    SELECT (jsonb_populate_record(d, jsonb_build_object('id', md5('d' || n), 'incident_id', md5(n::text)))).*
    FROM deliveries d, generate_series(1, 100000) n
    WHERE incident_id = (SELECT id FROM incidents ORDER BY number LIMIT 1)
    """,
    "ANALYZE",
)
"""A hundred thousand copies of the first incident, each with its delivered page."""
_COPY_IN_SQLITE = """
WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 100000)
INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, counted WHERE t.{key} = (
    SELECT {first} FROM incidents ORDER BY number LIMIT 1)
"""
_ID_IN_SQLITE = "printf('{kind}%031x', n)"
_CHANGED_IN_SQLITE = {
    "incidents": {
        "id": _ID_IN_SQLITE.format(kind="a"),
        "number": "1000000 + n",
        "due_at": "strftime('%Y-%m-%d %H\\:%M\\:%f000', 'now', '+6 hours', (n * 0.01) || ' seconds')",
        "timer_set_for": "NULL",
    },
    "deliveries": {"id": _ID_IN_SQLITE.format(kind="d"), "incident_id": _ID_IN_SQLITE.format(kind="a")},
}
_KEYS = {"incidents": ("number", "number"), "deliveries": ("incident_id", "id")}
"""By which column of each table, and of incidents, the first incident's rows are found."""


def _copy_pending(running: Stack) -> None:
    """Make the copies."""
    if isinstance(running, PostgresStack):
        for statement in _COPIES:
            running.execute(statement.replace("::", "\\:\\:"))
        return
    for table, changed in _CHANGED_IN_SQLITE.items():
        columns = [f'"{name}"' for (name,) in running.execute(f"SELECT name FROM pragma_table_info('{table}')")]
        values = [changed.get(column.strip('"'), f"t.{column}") for column in columns]
        key, first = _KEYS[table]
        running.execute(
            _COPY_IN_SQLITE.format(
                table=table, columns=", ".join(columns), values=", ".join(values), key=key, first=first
            )
        )
    running.execute("ANALYZE")


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


def _bare_late_ms(running: Stack, sink: Sink) -> list[float]:
    """Return how late a bare Celery worker begins so many tasks with a countdown that fall due within one second."""
    worker = bare_worker(running, sink)
    time.sleep(4)
    publish = "from benchmarks.bare import publish_late; publish_late({count}, 8.0)"
    running.start(sys.executable, "-c", publish.format(count=_MANY), SINK_URL=sink.url)
    with running.redis.client() as broker:
        ends = time.monotonic() + 60
        while broker.llen("late_ms") < _MANY and time.monotonic() < ends:
            time.sleep(0.2)
        found = [float(late) for late in broker.lrange("late_ms", 0, -1)]
    os.killpg(worker.pid, signal.SIGKILL)
    return found


def lateness() -> list[str]:
    """One escalation at a time, and a thousand that fall due within one second, beside bare Celery countdowns."""
    with Sink() as sink, stack(sink.url + "/") as running:
        running.prepare(after="3s")
        bare = _bare_late_ms(running, sink)
        running.stop()
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
        post_all(url, [event(number) for number in range(_MANY)], 16)
        _settle(running)
        due = datetime.now(UTC) + timedelta(seconds=8)
        with psycopg.connect(running.plain_url) as connection:
            connection.execute(
                "UPDATE incidents SET due_at = %s + (number %% 1000) * interval '1 ms', timer_set_for = NULL", (due,)
            )
        many = _wait_for_firings(running, _MANY, 40)
    return [
        f"| lateness of one escalation, p50 | {statistics.median(single):.0f} ms | – | under 20 ms |",
        f"| lateness of one escalation, p99 | {percentile(single, 0.99):.0f} ms | – | under 100 ms |",
        f"| lateness, 1,000 due in one second, p99 ({len(many)} fired) | {percentile(many, 0.99):.0f} ms "
        f"| bare Celery countdown: {percentile(bare, 0.99):.0f} ms ({len(bare)} fired) "
        f"| {percentile(many, 0.99) / percentile(bare, 0.99):.2f} times of at most 0.1 |",
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


def pending() -> list[str]:
    """A worker with a hundred thousand pending deadlines beside one with none, on both databases."""
    rows = []
    for make in STACKS:
        with Sink() as sink, make(sink.url + "/") as running:
            rows += _pending(running)
    return rows


def _pending(running: Stack) -> list[str]:
    running.prepare()
    running.start_web()
    worker = running.start_worker()
    time.sleep(5)
    post_all(f"http://127.0.0.1:{running.port}/webhooks/stream", [event(0)], 1)
    time.sleep(5)
    none = pss_mb(tree(worker.pid))
    _copy_pending(running)
    time.sleep(20)
    before = cpu_s(tree(worker.pid))
    time.sleep(20)
    share = (cpu_s(tree(worker.pid)) - before) / 20
    many = pss_mb(tree(worker.pid))
    return [
        f"| worker memory with 100,000 pending deadlines ({running.label}) | {many:.0f} MB "
        f"| with none: {none:.0f} MB | within 10 MB |",
        f"| worker idle CPU with 100,000 pending deadlines ({running.label}) | {share:.2%} | – | under 0.5 % |",
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
