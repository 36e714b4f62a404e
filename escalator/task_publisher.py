"""Publishes tasks from one background thread, so that no caller waits for the broker; repeats are joined."""

import heapq
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

from escalator.broker_state import BrokerState
from escalator.clock import Clock
from escalator.ports import ESCALATE

Publish = Callable[[str, float], None]
"""Publishes a task by name, to run after so many seconds; raises whatever the broker's client raises."""


class TaskSender(Protocol):
    """What of a Celery application publishes tasks."""

    def connection_for_write(self) -> Any:
        """Return a connection to the broker that is opened when it is first used."""
        ...

    def send_task(self, name: str, *, countdown: float | None, connection: Any) -> Any:
        """Publish a task by its name."""
        ...


class BrokerConnection:
    """Publishes over one connection, for one thread, and drops it after any error.

    A connection that has once said no may lead to a server that is no longer the primary: a new one asks for its
    address anew.
    """

    def __init__(self, sender: TaskSender) -> None:
        self._sender = sender
        self._connection: Any = None

    def __call__(self, name: str, countdown: float) -> None:
        """Publish a task, to run after so many seconds; raises whatever the broker's client raises."""
        try:
            self._connection = self._connection or self._sender.connection_for_write()
            self._sender.send_task(name, countdown=countdown or None, connection=self._connection)
        except Exception:
            connection, self._connection = self._connection, None
            with suppress(Exception):
                connection.collect()
            raise


_Alarm = tuple[datetime, str]

GAP_S = 0.05
PAUSE_S = 5.0
SHARED = timedelta(milliseconds=30)
_REMEMBERED = 10_000


class TaskPublisher:
    """A TaskQueue over a publisher. Says each kind of work at most every 50 ms, and always once after the last word.

    After a failure it pauses for 5 s and forgets what it was to say: the sweep finds the work.
    """

    def __init__(self, publish: Publish, clock: Clock, broker: BrokerState | None = None) -> None:
        self._publish = publish
        self._clock = clock
        self._broker = broker or BrokerState()
        self._wanted: set[str] = set()
        self._alarms: list[_Alarm] = []
        self._set: list[_Alarm] = []
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._gap = threading.Event()

    def publish(self, work: str) -> None:
        """Say that there is work of this kind. Never blocks and never raises."""
        with self._news:
            self._wanted.add(work)
            self._wake()

    def publish_at(self, at: datetime, work: str = ESCALATE) -> None:
        """Ask for work of this kind to be done at that instant; an alarm for it within the next 30 ms does for both."""
        with self._news:
            self._forget_past()
            if not any(work == other and at <= known <= at + SHARED for known, other in self._set):
                heapq.heappush(self._set, (at, work))
                self._alarms.append((at, work))
                self._wake()

    def _forget_past(self) -> None:
        now = self._clock.now()
        while self._set and (self._set[0][0] < now or len(self._set) > _REMEMBERED):
            heapq.heappop(self._set)

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="task-publisher", daemon=True)
            self._thread.start()
        self._news.notify()

    def _run(self) -> None:
        while True:
            wanted, alarms = self._next()
            try:
                for work in sorted(wanted):
                    self._publish(work, 0.0)
                for at, work in alarms:
                    self._publish(work, max(0.0, (at - self._clock.now()).total_seconds()))
            except Exception as error:  # noqa: BLE001  # a broker's client raises anything; the sweep does the work
                self._broker.note(error)
                self._gap.wait(PAUSE_S)
                self._forget()
            self._gap.wait(GAP_S)

    def _next(self) -> tuple[set[str], list[_Alarm]]:
        with self._news:
            while not self._wanted and not self._alarms:
                self._news.wait()
            wanted, self._wanted = self._wanted, set()
            alarms, self._alarms = self._alarms, []
        return wanted, alarms

    def _forget(self) -> None:
        with self._news:
            self._alarms.clear()
            self._set.clear()
