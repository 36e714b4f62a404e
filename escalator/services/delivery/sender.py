"""The sender threads of one process: each call to a vendor uses one of them, and no Celery task."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from uuid import UUID

import structlog

from escalator.clock import Stopwatch, SystemClock
from escalator.errors import Unavailable
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.services.core.clock_sync import measure_clock_offset
from escalator.services.core.context import Core
from escalator.services.core.process_liveness import HEARTBEAT_S, SENDER, record_heartbeat
from escalator.services.delivery import claim_deliveries
from escalator.services.delivery.outcomes import record_outcomes
from escalator.services.delivery.sender_uptime import record_senders_up
from escalator.services.outbound.bulkheads import Lane, SenderThreads
from escalator.services.outbound.call import CallOutcome, OutboundCall

log = structlog.get_logger(__name__)

SENDER_THREADS = 32
"""A page to one host gets three quarters of them, so a batch of new incidents is sent without another claim."""
_AFTER_FAULT_S = 1.0
_SOON_S = 0.2
"""How soon to check again for what others have locked, and for more while something is overdue."""


def send_call(core: Core, call: OutboundCall) -> Delivered | Failed:
    """Make one call to its vendor. Errors of the vendor or the network never raise."""
    note, channel = call.notification, core.channels(call.mode)[call.channel]
    if call.refused is not None:
        return call.refused
    if not note.address:
        return Failed(FailureReason.NO_CONTACT if note.context.person else FailureReason.NOT_CONFIGURED, "no address")
    if call.delivery is None:
        face = channel.face(note)
        if call.post is not None and call.post.shown_fingerprint == face:
            return Delivered(note.ref or "", face)
        result = channel.update(note)
        return replace(result, face=face) if isinstance(result, Delivered) else result
    result = channel.send(note)
    if isinstance(result, Failed):
        return result
    # A reply does not change the full message.
    return replace(result, face="" if call.is_reply else channel.face(note))


def send_all_due(core: Core) -> int:
    """Send everything that is due, one by one, in this thread; return how many calls."""
    count = 0
    while (claimed := claim_deliveries.claim_calls(core, SENDER_THREADS)).calls or claimed.has_more:
        record_outcomes(core, [CallOutcome(call, send_call(core, call)) for call in claimed.calls])
        count += len(claimed.calls)
    return count


def send_operator_alerts(core: Core) -> None:
    """Send due operator alerts and nothing else: for processes that run when no worker does.

    They are sent in parallel, so that none waits for another's time-out. Raises Unavailable.
    """
    threads = SenderThreads(SENDER_THREADS)
    with ThreadPoolExecutor(SENDER_THREADS, thread_name_prefix="alarms") as pool:
        while (claimed := claim_deliveries.claim_alarms(core, SENDER_THREADS, threads)).calls:
            record_outcomes(core, list(pool.map(lambda call: CallOutcome(call, send_call(core, call)), claimed.calls)))
            threads.release(call.lane for call in claimed.calls)


def _claims(calls: Iterable[OutboundCall]) -> set[UUID]:
    """Return the ids these calls claimed."""
    held = ((call.delivery, None if call.is_reply else call.post) for call in calls)
    return {claimed.id for pair in held for claimed in pair if claimed is not None}


class Sender:
    """Claims as many deliveries as it has free threads, sends them, and writes outcomes in batches.

    While it runs it renews its row in `processes`, which its leases depend on, corrects its clock, and looks for
    overdue work: without a broker it gets no messages about work.
    """

    def __init__(self, core: Core, clock: SystemClock, slots: int = SENDER_THREADS) -> None:
        self._core = core
        self._clock = clock
        self._shares = SenderThreads(slots)
        self._news: SimpleQueue[CallOutcome | None] = SimpleQueue()
        self._unwritten: list[CallOutcome] = []
        self._known: set[UUID] = set()
        self._holders = 0
        self._is_failing = False
        self._is_behind = False
        self._is_woken = False
        self._patience_s: float | None = None
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="sender")
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._loops: tuple[threading.Thread, ...] = ()
        self._lock = threading.Lock()
        # The first beat writes to the database. `take` must not wait for it: it runs within a transaction.
        self._starting = threading.Lock()

    def start(self) -> None:
        """Start the threads, after the fork; without a lease it raises Unavailable and starts none."""
        with self._starting:
            if not self._loops and not self._stopping.is_set():
                self._beat()
                loops = tuple(
                    threading.Thread(target=loop, name=name, daemon=True)
                    for name, loop in (("beat", self._beat_on), ("sending", self._run))
                )
                for thread in loops:
                    thread.start()
                self._loops = loops

    def wake(self) -> None:
        """Signal that there is something to send; does not wait. Raises Unavailable when it cannot start."""
        self.start()
        self._news.put(None)

    def take(self, lane: Lane) -> bool:
        """Take a thread for a call on this lane, if there is room; it waits for `send_call`."""
        return self._may_begin() and self._shares.take(lane)

    def release(self, lanes: Iterable[Lane]) -> None:
        """Release threads that were taken."""
        self._shares.release(lanes)

    def send(self, claimed: Sequence[OutboundCall]) -> None:
        """Send claimed calls; a thread was taken for each."""
        with self._lock:
            self._known |= _claims(claimed)
        for call in claimed:
            self._threads.submit(self._call, call)

    def _may_begin(self) -> bool:
        with self._lock:
            return bool(self._loops) and not self._stopping.is_set() and not self._holders

    @contextmanager
    def held(self) -> Iterator[None]:
        """Start no call meanwhile: decisions come first."""
        with self._lock:
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
            self._news.put(None)

    def stop(self, wait_s: float) -> None:
        """Claim nothing more, wait that long for running calls; after that nothing here uses the database."""
        self._stopping.set()
        self._news.put(None)
        watch = Stopwatch()
        for loop in self._loops:
            loop.join(max(0.0, wait_s - watch.seconds()))

    def _beat_on(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            try:
                self._beat()
            except Unavailable:
                self._core.beat_failed_at = self._core.clock.now()
                log.warning("beat_failed")
            except Exception:  # without heartbeats other processes think this one is dead and send its pages again
                log.exception("beat_failed")

    def _beat(self) -> None:
        """Renew the row by the database's time: with another time, this process looks dead to others."""
        measure_clock_offset(self._core, self._clock)
        record_heartbeat(self._core, SENDER, more=record_senders_up if self._is_serving() else None)
        with self._lock:
            known = frozenset(self._known)
        self._is_behind = self._is_behind or claim_deliveries.has_due_work(self._core, claim_deliveries.OVERDUE)
        if claim_deliveries.release_lost_claims(self._core, known) or self._is_behind:
            self._news.put(None)

    def _is_serving(self) -> bool:
        """Whether due deliveries are claimed as soon as a thread is free."""
        with self._lock:
            return not self._stopping.is_set() and not self._holders and not self._is_failing

    def _run(self) -> None:
        while not self._stopping.is_set() or self._shares.taken or self._unwritten:
            try:
                self._listen()
                self._write()
                self._claim()
                self._is_failing = False
            except Unavailable:
                self._retry_soon()
            except Exception:  # an error from one row must not end the sender; leases and the sweep recover it
                log.exception("sender_failed")
                self._retry_soon()
        self._ended.set()

    def _retry_soon(self) -> None:
        self._is_failing = True
        self._stopping.wait(_AFTER_FAULT_S)
        self._news.put(None)

    def _listen(self) -> None:
        """Wait for messages and take all: outcomes of calls, and signals that there is work."""
        news: list[CallOutcome | None] = []
        with suppress(Empty):
            news.append(self._news.get(timeout=self._patience_s))
            while True:
                news.append(self._news.get_nowait())
        self._is_woken |= None in news
        outcomes = [item for item in news if item is not None]
        self._unwritten += outcomes
        self.release(outcome.sent.lane for outcome in outcomes)

    def _write(self) -> None:
        if not self._unwritten:
            return
        try:
            record_outcomes(self._core, self._unwritten)
            self._forget(self._unwritten)
        except Unavailable:
            raise
        except Exception:  # an outcome that cannot be written must not block the others
            log.exception("outcomes_failed", outcomes=len(self._unwritten))
            for outcome in self._unwritten:
                self._write_alone(outcome)
        self._unwritten.clear()

    def _write_alone(self, outcome: CallOutcome) -> None:
        try:
            record_outcomes(self._core, [outcome])
            self._forget([outcome])
        except Unavailable:
            raise
        except Exception:
            log.exception("outcome_failed", destination=outcome.sent.context.destination)

    def _forget(self, outcomes: Sequence[CallOutcome]) -> None:
        """Forget what is finished; what could not be written stays ours until its lease ends."""
        with self._lock:
            self._known -= _claims(outcome.sent for outcome in outcomes)

    def _claim(self) -> None:
        """Claim once; outcomes that have come in are written before more is claimed.

        Unless it is woken, it first asks whether there is anything: outcomes may have made something due.
        """
        self._patience_s = None
        free = self._shares.free
        if not free or not self._may_begin():
            return
        if not (self._is_woken or self._is_behind or claim_deliveries.has_due_work(self._core)):
            return
        claimed = claim_deliveries.claim_calls(self._core, free, self._shares)
        self._is_woken = claimed.is_held_up
        self.send(claimed.calls)
        self._is_behind = self._is_behind and bool(claimed.calls)
        if claimed.has_more:
            self._news.put(None)
        elif claimed.is_held_up or self._is_behind:
            self._patience_s = _SOON_S

    def _call(self, call: OutboundCall) -> None:
        try:
            result = send_call(self._core, call)
        except Exception as error:
            log.exception("send_failed", destination=call.context.destination)
            result = Failed(FailureReason.UNKNOWN, type(error).__name__)
        self._news.put(CallOutcome(call, result))
