"""The process that reads queues: a thread for each queue of the running policy, and what every process does beside."""

import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

from escalator.channels.aws.queue import EventQueue
from escalator.clock import Stopwatch, SystemClock
from escalator.errors import Unavailable
from escalator.services.core.clock_sync import measure_clock_offset
from escalator.services.core.context import Core
from escalator.services.core.process_liveness import HEARTBEAT_S, QUEUE_READER, record_heartbeat
from escalator.services.intake.queue_alerts import report_queues
from escalator.services.intake.queue_reader import QueueReader
from escalator.services.intake.queues import queues_of
from escalator.services.maintenance.jobs import flush_metrics
from escalator.services.monitoring.database_outage import OutageWatch

log = structlog.get_logger(__name__)

STUCK_S = 120.0
"""A round takes 25 s without messages, and then at most what the database's patience allows."""

_BACK_OFF_S = (1.0, 2.0, 5.0, 10.0)
_FINISH_S = 8.0


class _Poller:
    """A thread that reads one queue until it is stopped."""

    def __init__(self, source: str, address: str, reader: QueueReader) -> None:
        self.source, self.address, self.reader = source, address, reader
        self.round = Stopwatch()
        self._stopping = threading.Event()
        self._storing = threading.Lock()

    def start(self) -> None:
        """Start reading."""
        threading.Thread(target=self._run, name=f"queue-{self.source}", daemon=True).start()

    def stop(self) -> None:
        """Ask it to end. Messages that it receives after that are left to the queue, which hands them out again."""
        self._stopping.set()

    def finish(self, within_s: float) -> None:
        """Wait until nothing is being stored or deleted any more."""
        if not self._storing.acquire(timeout=within_s):
            log.warning("queue_reader_not_finished", source=self.source)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self.round = Stopwatch()
            is_well = self._read()
            failures = 0 if is_well else failures + 1
            if failures:
                self._stopping.wait(_BACK_OFF_S[min(failures, len(_BACK_OFF_S)) - 1])

    def _read(self) -> bool:
        try:
            is_well = self.reader.receive()
            with self._storing:
                return self._stopping.is_set() or (self.reader.store() and is_well)
        except Exception:  # the thread must outlive whatever a queue answers
            log.exception("queue_reader_failed", source=self.source)
            return False


class QueueIntake:
    """Reads the queues of the running policy until it is stopped; one process. `open_queue` makes a queue's client."""

    def __init__(
        self,
        core: Core,
        clock: SystemClock,
        open_queue: Callable[[str], EventQueue],
        end_process: Callable[[], None],
    ) -> None:
        self._core = core
        self._clock = clock
        self._open_queue = open_queue
        self._end_process = end_process
        self._stopping = threading.Event()
        self._outage = OutageWatch(core)
        self._pollers: dict[str, _Poller] = {}

    def stop(self) -> None:
        """Let `run` return within some seconds."""
        self._stopping.set()

    def run(self) -> None:
        """Read until stopped; then finish storing what was received."""
        while not self._stopping.is_set():
            try:
                self._keep_up()
                self._outage.over()
            except Unavailable as error:
                self._outage.note_down()
                log.warning("queue_intake_without_database", reason=str(error))
            except Exception:  # the loop must outlive a bad policy file and a full disk alike
                log.exception("queue_intake_failed")
            self._end_if_stuck()
            self._stopping.wait(HEARTBEAT_S)
        for poller in self._pollers.values():
            poller.stop()
        for poller in self._pollers.values():
            poller.finish(_FINISH_S)
        with suppress(Unavailable):
            flush_metrics(self._core)

    def _keep_up(self) -> None:
        measure_clock_offset(self._core, self._clock)
        self._core.policies.offer(self._core.database)
        flush_metrics(self._core)
        record_heartbeat(self._core, QUEUE_READER)
        with self._core.database.reading() as connection:
            running = self._core.policies.running(connection)
        if running is not None:
            self._follow(queues_of(self._core, running.policy))
            problems = {source: poller.reader.problem for source, poller in self._pollers.items()}
            report_queues(self._core, running.policy, problems)

    def _follow(self, queues: dict[str, str]) -> None:
        """Start a thread for each new queue, and stop those of queues that the policy has no more."""
        for source, poller in list(self._pollers.items()):
            if queues.get(source) != poller.address:
                poller.stop()
                del self._pollers[source]
        for source, address in queues.items():
            if source not in self._pollers:
                reader = QueueReader(self._core, source, self._open_queue(address))
                self._pollers[source] = _Poller(source, address, reader)
                self._pollers[source].start()
                log.info("queue_reading", source=source, mode=self._core.settings.mode.value)

    def _end_if_stuck(self) -> None:
        for poller in self._pollers.values():
            if poller.round.seconds() > STUCK_S:
                log.critical("queue_reader_stuck", source=poller.source, seconds=poller.round.seconds())
                self._end_process()
