"""The sender threads of one process: each call to a vendor holds one thread, and none holds a task of Celery's."""

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

SENDER_THREADS = 16
_AFTER_FAULT_S = 1.0
_SOON_S = 0.2
"""How soon is looked again for what others hold at the moment, and for more while something is found overdue."""


def send_call(core: Core, call: OutboundCall) -> Delivered | Failed:
    """Make one call to its vendor. Never raises for what a vendor or the network does."""
    note, channel = call.notification, core.channels(call.mode)[call.channel]
    if call.refused is not None:
        return call.refused
    if not note.address:
        return Failed(FailureReason.NO_CONTACT if note.context.person else FailureReason.NOT_CONFIGURED, "no address")
    # Who rings where something stands changes nothing of that.
    face = "" if call.is_reply else channel.face(note)
    if call.delivery is None and call.post is not None and call.post.shown_fingerprint == face:
        return Delivered(note.ref or "", face)
    result = channel.update(note) if call.delivery is None else channel.send(note)
    return replace(result, face=face) if isinstance(result, Delivered) else result


def send_all_due(core: Core) -> int:
    """Send everything that is due, one after the other, in this thread; return how many calls that were."""
    count = 0
    while (claimed := claim_deliveries.claim_calls(core, SENDER_THREADS)).calls or claimed.has_more:
        record_outcomes(core, [CallOutcome(call, send_call(core, call)) for call in claimed.calls])
        count += len(claimed.calls)
    return count


def send_operator_alerts(core: Core) -> None:
    """Send what is due about the product's own trouble, and nothing else: for who lives when no worker does.

    At the same time, so that nobody waits for whoever does not answer. Raises Unavailable.
    """
    threads = SenderThreads(SENDER_THREADS)
    with ThreadPoolExecutor(SENDER_THREADS, thread_name_prefix="alarms") as pool:
        while (claimed := claim_deliveries.claim_alarms(core, SENDER_THREADS, threads)).calls:
            record_outcomes(core, list(pool.map(lambda call: CallOutcome(call, send_call(core, call)), claimed.calls)))
            threads.release(call.lane for call in claimed.calls)


def _claims(calls: Iterable[OutboundCall]) -> set[UUID]:
    """Return the ids of what these calls hold."""
    held = ((call.delivery, None if call.is_reply else call.post) for call in calls)
    return {claimed.id for pair in held for claimed in pair if claimed is not None}


class Sender:
    """Claims as many deliveries as it has free threads, sends them, and writes outcomes together as they come in.

    While it lives it renews its row in `processes`, on which its leases stand, keeps its clock right, and looks for
    what is overdue: without a broker nobody tells it of work.
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
        self._patience_s: float | None = None
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="sender")
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._loops: tuple[threading.Thread, ...] = ()
        self._lock = threading.Lock()
        # The first beat writes to the database, for which `reserve` must never wait: it is called within a transaction.
        self._starting = threading.Lock()

    def start(self) -> None:
        """Start the threads, after the fork; raises Unavailable, and starts none, when no lease can be taken."""
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
        """Say that there is something to send; returns at once. Raises Unavailable when it cannot be started."""
        self.start()
        self._news.put(None)

    def take(self, lane: Lane) -> bool:
        """Take a thread for a call on this lane, if there is room for one; it waits for `send_call`."""
        return self._may_begin() and self._shares.take(lane)

    def release(self, lanes: Iterable[Lane]) -> None:
        """Give threads back that were taken."""
        self._shares.release(lanes)

    def send(self, claimed: Sequence[OutboundCall]) -> None:
        """Send what was claimed; a thread was taken for each."""
        with self._lock:
            self._known |= _claims(claimed)
        for call in claimed:
            self._threads.submit(self._call, call)

    def _may_begin(self) -> bool:
        with self._lock:
            return bool(self._loops) and not self._stopping.is_set() and not self._holders

    @contextmanager
    def held(self) -> Iterator[None]:
        """Begin no further call meanwhile: what must be decided first is."""
        with self._lock:
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
            self._news.put(None)

    def stop(self, wait_s: float) -> None:
        """Claim nothing more, and give the calls under way that long to end; then nothing here asks the database."""
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
            except Exception:  # a process whose beats end looks dead to the others, who would send its pages again
                log.exception("beat_failed")

    def _beat(self) -> None:
        """Renew the row by the database's time: by another one, this process looks dead to the others."""
        measure_clock_offset(self._core, self._clock)
        record_heartbeat(self._core, SENDER)
        if self._is_serving():
            record_senders_up(self._core)
        with self._lock:
            known = frozenset(self._known)
        self._is_behind = self._is_behind or claim_deliveries.has_due_work(self._core, claim_deliveries.OVERDUE)
        if claim_deliveries.release_lost_claims(self._core, known) or self._is_behind:
            self._news.put(None)

    def _is_serving(self) -> bool:
        """Whether what is due is claimed as soon as there is a thread for it."""
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
            except Exception:  # the sender must outlive whatever one row does to it; leases and the sweep do the rest
                log.exception("sender_failed")
                self._retry_soon()
        self._ended.set()

    def _retry_soon(self) -> None:
        self._is_failing = True
        self._stopping.wait(_AFTER_FAULT_S)
        self._news.put(None)

    def _listen(self) -> None:
        """Wait for news, and take all there is: outcomes of calls, and words that there is work."""
        news: list[CallOutcome | None] = []
        with suppress(Empty):
            news.append(self._news.get(timeout=self._patience_s))
            while True:
                news.append(self._news.get_nowait())
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
        except Exception:  # one outcome that cannot be written must not take those of the others with it
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
        """Know no more of what is over; what could not be written stays ours until its lease ends."""
        with self._lock:
            self._known -= _claims(outcome.sent for outcome in outcomes)

    def _claim(self) -> None:
        """Claim once: whatever there is to claim, what has come in meanwhile is written before more is claimed."""
        self._patience_s = None
        free = self._shares.free
        if not free or not self._may_begin():
            return
        claimed = claim_deliveries.claim_calls(self._core, free, self._shares)
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
