"""Jobs that one process runs for all: counting, sealing, purging, checking what must be zero, the heartbeat.

It runs in a thread of its own, so that the sweep does not wait for it.
"""

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
from escalator.services.digests.publish import publish_due_digests
from escalator.services.drills.run import run_due_drills
from escalator.services.maintenance.visibility_backfill import backfill_visibility
from escalator.services.monitoring.heartbeat import send_heartbeat
from escalator.services.monitoring.recurring_problems import check_recurring_problems
from escalator.services.monitoring.silent_sources import check_silent_sources
from escalator.services.oncall.handoff import announce_shift_changes
from escalator.services.silences.expiry import record_silence_changes
from escalator.store import audit_log, counters, health, jobs, processes, purge, vendor_callbacks

log = structlog.get_logger(__name__)

_TOLD_AGAIN_FOR = timedelta(days=7)
"""Longer than any vendor repeats the same event (PagerDuty: 48 h)."""
SEAL_AFTER = timedelta(seconds=5)
_SEAL_BATCH = 500


def run_jobs(core: Core) -> None:
    """Run every due job that no other process has taken. Raises nothing."""
    for job in (
        backfill_visibility,
        flush_metrics,
        announce_shift_changes,
        check_recurring_problems,
        record_silence_changes,
        run_due_drills,
        publish_due_digests,
        check_silent_sources,
        _seal,
        _purge,
        _check,
        send_heartbeat,
        refresh_our_accounts,
        _say_sandbox,
    ):
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
    if not _take(core, "seal", timedelta(seconds=2)):
        return
    while True:
        with core.database.writing() as connection:
            if audit_log.chain_new(connection, core.clock.now() - SEAL_AFTER, _SEAL_BATCH) < _SEAL_BATCH:
                return


def _purge(core: Core) -> None:
    if not _take(core, "purge", timedelta(minutes=1)):
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
    if not _take(core, "check", timedelta(minutes=1)):
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
    if core.settings.mode is not Mode.SANDBOX or not _take(core, "sandbox", timedelta(minutes=10)):
        return
    with core.database.reading() as connection:
        product_health = health.read_health(connection, core.clock.now())
    log.warning(sandbox_mode.notice(product_health.sandbox_incidents))
