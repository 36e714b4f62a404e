"""What an event costs, stage by stage: statements and round trips to PostgreSQL, and CPU.

The stages run in this process, on real servers, in the threads in which they run in production.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from benchmarks.measure import Sink, event, headers
from benchmarks.processes import cpu_s, tree
from benchmarks.stack import PostgresStack, Stack, stack
from escalator.bootstrap import build
from escalator.clock import SystemClock
from escalator.services.core.context import Core
from escalator.services.delivery.sender import Sender
from escalator.services.intake.process import process_events
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.settings import read_settings
from escalator.store import pg_pipeline

EVENTS, WARM_UP = 300, 60
_APART_S = 0.03


@dataclass
class _Counts:
    """What was asked of PostgreSQL, by the stage that asked."""

    statements: Counter[str] = field(default_factory=Counter)
    trips: Counter[str] = field(default_factory=Counter)
    stage: str = ""

    def now(self) -> str:
        """Return the stage of the thread that asks: what is not this one sends, or records what was sent."""
        return self.stage if threading.current_thread() is threading.main_thread() else "sending"


def cost() -> list[str]:
    """One event after another, then all at once."""
    with Sink() as sink, stack(sink.url + "/") as running:
        running.prepare()
        counts = _Counts()
        with _counting(counts), _process(running) as (core, sender):
            receiver = WebhookReceiver(core)
            _one_after_another(core, receiver, counts, WARM_UP)
            return [
                *_measured(
                    "one at a time", running, counts, lambda: _one_after_another(core, receiver, counts, EVENTS)
                ),
                *_measured("all at once", running, counts, lambda: _all_at_once(core, receiver, counts, sender)),
            ]


@contextmanager
def _process(running: Stack) -> Iterator[tuple[Core, Sender]]:
    """Yield a core that decides in this thread and sends in others."""
    clock = SystemClock()
    core = build(read_settings(running.environment()), clock=clock)
    core.policies.offer(core.database)
    core.sender_pool = sender = Sender(core, clock)
    sender.start()
    try:
        yield core, sender
    finally:
        sender.stop(wait_s=8)
        core.database.close()


def _one_after_another(core: Core, receiver: WebhookReceiver, counts: _Counts, many: int) -> Counter[str]:
    cpu: Counter[str] = Counter()
    for number in range(many):
        with _stage("intake", counts, cpu):
            _receive(receiver, number)
        with _stage("deciding", counts, cpu):
            process_events(core)
        time.sleep(_APART_S)
    return cpu


def _all_at_once(core: Core, receiver: WebhookReceiver, counts: _Counts, sender: Sender) -> Counter[str]:
    cpu: Counter[str] = Counter()
    with _stage("intake", counts, cpu):
        for number in range(EVENTS):
            _receive(receiver, number)
    with _stage("deciding", counts, cpu):
        while process_events(core):
            pass
    sender.wake()
    time.sleep(3)
    return cpu


def _receive(receiver: WebhookReceiver, number: int) -> None:
    body = event(number)
    said = headers(body)
    receiver.receive(WebhookRequest(body, said["X-Api-Key"], said["X-Signature"], ""))


@contextmanager
def _stage(name: str, counts: _Counts, cpu: Counter[str]) -> Iterator[None]:
    counts.stage = name
    began = time.thread_time()
    yield
    cpu[name] += time.thread_time() - began


@contextmanager
def _counting(counts: _Counts) -> Iterator[None]:
    """Count statements as SQLAlchemy sends them, and the round trips that the connections wait for."""
    cursor, connection = pg_pipeline.PipelinedCursor, pg_pipeline.PipelinedConnection

    def counted(name: str) -> Any:
        real = getattr(cursor, name)

        def send(self: Any, *arguments: Any, **options: Any) -> Any:
            counts.statements[counts.now()] += 1
            result = real(self, *arguments, **options)
            # The end of a pipeline is counted below.
            counts.trips[counts.now()] += not self.connection.is_pipelined and arguments[0] != "COMMIT"
            return result

        return patch.object(cursor, name, send)

    def waited(name: str) -> Any:
        real = getattr(connection, name)

        def wait(self: Any) -> Any:
            counts.trips[counts.now()] += self.is_pipelined
            return real(self)

        return patch.object(connection, name, wait)

    with counted("execute"), counted("executemany"), waited("sync"), waited("end_pipeline"):
        yield


def _measured(how: str, running: PostgresStack, counts: _Counts, work: Callable[[], Counter[str]]) -> list[str]:
    """Do the work, and return a row for each stage and for all."""
    counts.statements.clear()
    counts.trips.clear()
    server = tree(running.postgres.pid)
    postgres_s, process_s = cpu_s(server), time.process_time()
    cpu = work()
    cpu["sending"] = time.process_time() - process_s - sum(cpu.values())
    postgres_s = cpu_s(server) - postgres_s
    rows = [
        f"| cost of an event, {how}: {name} | {counts.statements[name] / EVENTS:.1f} statements, "
        f"{counts.trips[name] / EVENTS:.1f} round trips, {cpu[name] / EVENTS * 1000:.2f} ms of CPU | – | – |"
        for name in ("intake", "deciding", "sending")
    ]
    total_ms = (sum(cpu.values()) + postgres_s) / EVENTS * 1000
    rows.append(
        f"| cost of an event, {how}: all | {sum(counts.statements.values()) / EVENTS:.1f} statements, "
        f"{sum(counts.trips.values()) / EVENTS:.1f} round trips, {total_ms:.2f} ms of CPU, "
        f"{postgres_s / EVENTS * 1000:.2f} of it PostgreSQL's | – | 6 statements, 6 round trips |"
    )
    return rows
