"""Jobs that one process runs for all: counting, sealing, purging, checking what must be zero, the heartbeat.

It runs in a thread of its own, so that the sweep does not wait for it.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from escalator.errors import Unavailable
from escalator.model.levels import Mode
from escalator.rendering import sandbox_mode
from escalator.services.auth import cleanup
from escalator.services.auth.our_vendor_accounts import refresh_our_accounts
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.process_liveness import KEEP_PROCESSES_FOR
from escalator.services.digests import publish
from escalator.services.digests.publish import publish_due_digests
from escalator.services.drills import run as drills
from escalator.services.drills.run import run_due_drills
from escalator.services.maintenance import visibility_backfill
from escalator.services.maintenance.visibility_backfill import backfill_visibility
from escalator.services.monitoring import heartbeat, recurring_problems, silent_sources
from escalator.services.monitoring.heartbeat import send_heartbeat
from escalator.services.monitoring.recurring_problems import check_recurring_problems
from escalator.services.monitoring.silent_sources import check_silent_sources
from escalator.services.oncall.handoff import announce_shift_changes
from escalator.services.silences import expiry
from escalator.services.silences.expiry import record_silence_changes
from escalator.store import audit_log, counters, health, jobs, processes, purge, vendor_callbacks

log = structlog.get_logger(__name__)

_TOLD_AGAIN_FOR = timedelta(days=7)
"""Longer than any vendor repeats the same event (PagerDuty: 48 h)."""
SEAL_AFTER = timedelta(seconds=5)
_SEAL_BATCH = 500
_SEAL, _PURGE, _CHECK, _SANDBOX = "seal", "purge", "check", "sandbox"


def run_jobs(core: Core) -> None:
    """Run every due job that no other process has taken. Raises nothing."""
    try:
        with core.database.reading() as connection:
            waiting = jobs.waiting(connection, core.clock.now())
    except Unavailable as error:
        log.warning("housekeeping_without_database", reason=str(error))
        return
    for job, name in _JOBS:
        if name in waiting:
            continue
        try:
            job(core)
        except Unavailable as error:
            log.warning("housekeeping_without_database", job=job.__name__, reason=str(error))
        except Exception:  # an error in one job must not stop the others
            log.exception("housekeeping_failed", job=job.__name__)


def _take(core: Core, name: str, every: timedelta) -> bool:
    with core.database.writing() as connection:
        return jobs.claim_due(connection, name, core.clock.now(), every)


def flush_metrics(core: Core) -> None:
    """Add this process' counts to the totals. Raises Unavailable."""
    counted = core.metrics.take()
    if not counted:
        return
    try:
        with core.database.writing() as connection:
            counters.add(connection, counted)
    except Unavailable:
        core.metrics.give_back(counted)
        raise


def _seal(core: Core) -> None:
    if not _take(core, _SEAL, timedelta(seconds=2)):
        return
    while True:
        with core.database.writing() as connection:
            if audit_log.chain_new(connection, core.clock.now() - SEAL_AFTER, _SEAL_BATCH) < _SEAL_BATCH:
                return


def _purge(core: Core) -> None:
    if not _take(core, _PURGE, timedelta(minutes=1)):
        return
    now = core.clock.now()
    with core.database.writing() as connection:
        running = core.policies.running(connection)
        if running is not None:
            purge.purge_content(connection, now, running.policy.retain_content)
            processes.delete_old(connection, now - KEEP_PROCESSES_FOR)
            vendor_callbacks.delete_before(connection, now, _TOLD_AGAIN_FOR)
        cleanup.delete_expired(connection, now)


def _check(core: Core) -> None:
    """Check each minute what must be zero; alert those the policy names otherwise."""
    if not _take(core, _CHECK, timedelta(minutes=1)):
        return
    now = core.clock.now()
    with core.database.writing() as connection:
        running = core.policies.running(connection)
        if running is None:
            return
        alerts = OperatorAlerts(connection, now)
        for key, count in health.count_inconsistencies(connection, now).items():
            if count:
                log.error("invariant_broken", what=key, count=count)
                alerts.raise_alert(f"invariant:{key}", f"{count} × {key}", running.policy, core.settings)
            else:
                alerts.resolve(f"invariant:{key}")


def _say_sandbox(core: Core) -> None:
    """Log from time to time that nobody is notified."""
    if core.settings.mode is not Mode.SANDBOX or not _take(core, _SANDBOX, timedelta(minutes=10)):
        return
    with core.database.reading() as connection:
        product_health = health.read_health(connection, core.clock.now())
    log.warning(sandbox_mode.notice(product_health.sandbox_incidents))


_JOBS: Sequence[tuple[Callable[[Core], None], str | None]] = (
    (backfill_visibility, visibility_backfill.JOB),
    (flush_metrics, None),
    (announce_shift_changes, None),
    (check_recurring_problems, recurring_problems.JOB),
    (record_silence_changes, expiry.JOB),
    (run_due_drills, drills.JOB),
    (publish_due_digests, publish.JOB),
    (check_silent_sources, silent_sources.JOB),
    (_seal, _SEAL),
    (_purge, _PURGE),
    (_check, _CHECK),
    (send_heartbeat, heartbeat.JOB),
    (refresh_our_accounts, None),
    (_say_sandbox, _SANDBOX),
)
"""Each job, and the name by which it is claimed; None for those that ask themselves what there is to do."""
