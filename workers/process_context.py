"""The parts of one worker process, created on first use and again after every fork."""

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from escalator.bootstrap import build, configure_logging
from escalator.broker_state import BrokerState
from escalator.clock import SystemClock
from escalator.errors import Unavailable
from escalator.ports import DELIVER, ESCALATE
from escalator.services.core.context import Core
from escalator.services.delivery.sender import Sender
from escalator.settings import from_environment
from escalator.task_publisher import BrokerConnection, TaskPublisher

if TYPE_CHECKING:
    from celery import Celery

POOL_SIZE = 3
"""Connections per worker process: all processes together stay below a small database's limit of 20."""


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """The parts of a worker process."""

    core: Core
    sender: Sender
    clock: SystemClock


class _Here:
    """A TaskQueue that wakes this process's own sender at once, and publishes the rest."""

    def __init__(self, publisher: TaskPublisher) -> None:
        self._publisher = publisher
        self.sender: Sender | None = None

    def publish(self, work: str) -> None:
        """Report work of this kind."""
        if work == DELIVER and self.sender is not None:
            with suppress(Unavailable):
                self.sender.wake()
        else:
            self._publisher.publish(work)

    def publish_at(self, at: datetime, work: str = ESCALATE) -> None:
        """Request work of this kind at that instant."""
        self._publisher.publish_at(at, work)


_processes: dict[int, WorkerProcess] = {}


def worker_process(celery: "Celery") -> WorkerProcess:
    """Return this process's parts."""
    found = _processes.get(os.getpid())
    if found is None:
        _processes.clear()
        found = _processes[os.getpid()] = _made(celery)
    return found


def _made(celery: "Celery") -> WorkerProcess:
    configure_logging()
    clock = SystemClock()

    broker = BrokerState()
    queue = _Here(TaskPublisher(BrokerConnection(celery), clock, broker))
    core = build(from_environment(), clock=clock, queue=queue, broker=broker, pool_size=POOL_SIZE)
    queue.sender = core.sender_pool = sender = Sender(core, clock)
    return WorkerProcess(core, sender, clock)


def close_process() -> None:
    """Stop this process's sender; waits for what can finish within the shutdown time."""
    found = _processes.pop(os.getpid(), None)
    if found is not None:
        found.sender.stop(wait_s=8)
