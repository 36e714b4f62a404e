"""The sweep: does overdue work by the same use cases, and arms the next deadlines. It needs no broker.

One thread in every worker runs `Sweeper.run`; the jobs table ensures that each housekeeping job runs once.
"""

import random
import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from escalator.clock import Stopwatch, SystemClock
from escalator.errors import Unavailable
from escalator.services.core.background import BackgroundJob
from escalator.services.core.clock_sync import measure_clock_offset
from escalator.services.core.context import Core
from escalator.services.core.process_liveness import SWEEPER, record_heartbeat
from escalator.services.delivery import claim_deliveries
from escalator.services.delivery.bundles import bundle_waiting_pages
from escalator.services.delivery.sender import Sender
from escalator.services.incidents import escalation
from escalator.services.incidents.apply import ARM_AHEAD
from escalator.services.incidents.close_groups import close_ended_groups
from escalator.services.intake import process
from escalator.services.maintenance.jobs import run_jobs
from escalator.services.monitoring.database_outage import OutageWatch
from escalator.services.monitoring.undelivered import check_undelivered
from escalator.services.monitoring.watchdog import QUEUE_READERS_EXPECTED, WEB_EXPECTED, Watchdog
from escalator.services.oncall.calendar_refresh import refresh_calendars
from escalator.services.responses.callbacks import process_callbacks
from escalator.services.silences.expiry import resume_after_silence
from escalator.services.stream.ask_ahead import ask_ahead
from escalator.services.stream.carry_out import carry_out_calls
from escalator.services.stream.reconcile import reconcile_due_sources
from escalator.services.stream.watch_queues import watch_queues
from escalator.store import deadlines

log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 2.0
BEHIND = timedelta(seconds=0.3)
"""While sweeps find overdue work, the next starts this soon and takes what is overdue by this much.

Without a broker the sweep does everything.
"""

SELDOM_S = 4.0
"""How often is looked for what is due every five seconds or less often."""

STUCK_S = 30.0
_JITTER = 0.2


def sweep(core: Core, sender: Sender, overdue_by: timedelta = claim_deliveries.OVERDUE) -> bool:
    """Run once; return whether an event or a deadline was overdue by that much. Raises Unavailable."""

    def fire(core: Core) -> bool:
        return escalation.fire_all_due(core, overdue_by) > 0

    def process_events(core: Core) -> bool:
        return process.process_overdue(core, overdue_by)

    is_behind = False
    for part in (_follow_policy, resume_after_silence, fire, arm_deadlines, process_events, close_ended_groups):
        try:
            is_behind |= bool(part(core))
        except Unavailable:
            raise
        except Exception:  # an error in one part must not stop the others
            log.exception("sweep_part_failed", part=part.__name__)
    if claim_deliveries.has_due_work(core, overdue_by):
        sender.wake()
    return is_behind


def _follow_policy(core: Core) -> None:
    core.policies.offer(core.database)


def arm_deadlines(core: Core) -> None:
    """Schedule a task for every deadline within the horizon that has none."""
    now = core.clock.now()
    with core.database.reading() as connection:
        first = deadlines.first_unarmed(connection, now, ARM_AHEAD)
    if first is None:
        return
    with core.database.writing() as connection:
        armed = deadlines.lock_to_arm(connection, now, ARM_AHEAD)
    for at in sorted({due_at for _id, due_at in armed}):
        core.queue.publish_at(at)


class Sweeper:
    """The sweep as a thread, and a watchdog that ends the process when no sweep has finished for 30 s."""

    def __init__(self, core: Core, sender: Sender, clock: SystemClock, end_process: Callable[[], None]) -> None:
        self._core = core
        self._sender = sender
        self._clock = clock
        self._end_process = end_process
        self._stopping = threading.Event()
        self._round = Stopwatch()
        self._outage = OutageWatch(core)
        beside = {
            "housekeeping": run_jobs,
            "hearing": process_callbacks,
            "stream_calls": carry_out_calls,
            "listing": bundle_waiting_pages,
            "ask_ahead": ask_ahead,
        }
        seldom = {
            "calendars": refresh_calendars,
            "reconcile": reconcile_due_sources,
            "queues": watch_queues,
            "undelivered": check_undelivered,
            "watchdog": Watchdog(WEB_EXPECTED).check,
            "queue_watchdog": Watchdog(QUEUE_READERS_EXPECTED).check,
        }
        self._background_jobs = tuple(BackgroundJob(core, name, work) for name, work in beside.items())
        self._seldom_jobs = tuple(BackgroundJob(core, name, work) for name, work in seldom.items())
        self._since_seldom: Stopwatch | None = None

    def start(self) -> None:
        """Start both threads."""
        threading.Thread(target=self._run, name="sweep", daemon=True).start()
        threading.Thread(target=self._watch, name="sweep-watchdog", daemon=True).start()

    def stop(self) -> None:
        """End both threads."""
        self._stopping.set()

    def _run(self) -> None:
        is_behind = False
        while not self._stopping.is_set():
            was_behind, is_behind = is_behind, False
            try:
                offset = measure_clock_offset(self._core, self._clock)
                is_behind = sweep(self._core, self._sender, BEHIND if was_behind else claim_deliveries.OVERDUE)
                record_heartbeat(self._core, SWEEPER, self._core.clock.now(), offset)
                self._wake_jobs()
                self._outage.over()
            except Unavailable as error:
                self._outage.note_down()
                log.warning("sweep_without_database", reason=str(error))
            except Exception:  # no exception may end the sweep: it detects all other failures
                log.exception("sweep_failed")
            self._round = Stopwatch()
            pause_s = BEHIND.total_seconds() if is_behind else SWEEP_EVERY_S
            self._stopping.wait(pause_s * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311  # not a secret

    def _wake_jobs(self) -> None:
        for job in self._background_jobs:
            job.wake()
        if self._since_seldom is None or self._since_seldom.seconds() >= SELDOM_S:
            self._since_seldom = Stopwatch()
            for job in self._seldom_jobs:
                job.wake()

    def _watch(self) -> None:
        while not self._stopping.wait(1.0):
            if self._round.seconds() > STUCK_S:
                log.critical("sweep_stuck", seconds=self._round.seconds())
                self._end_process()
