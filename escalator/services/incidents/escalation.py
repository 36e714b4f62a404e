"""Escalation: fires due deadlines, a batch in each transaction; a fence prevents firing one twice."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from escalator.clock import Stopwatch
from escalator.engine.deadlines import fire_deadline, make_deadline_due
from escalator.engine.incident_change import Change
from escalator.errors import PolicyError
from escalator.metrics import LATENESS
from escalator.model.audit import AuditAction, AuditEntry
from escalator.model.incident import Incident
from escalator.model.levels import Mode
from escalator.services.core.batch import run_batch
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import DEADLINE, OperatorAlerts
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import unit_of_work
from escalator.store import audit_log, deadlines, incidents
from escalator.store.incidents import UnsealedFields

BATCH = 50
MOST_S = 8.0
TRIES = 5
EARLY = timedelta(seconds=2)
_TRY_AGAIN = timedelta(seconds=2)
_PARKED_TRY_AGAIN = timedelta(minutes=10)


def fire_scheduled(core: Core) -> None:
    """Fire all due deadlines; a task up to 2 s early waits for its deadline. Raises Unavailable."""
    if fire_all_due(core):
        return
    now = core.clock.now()
    with core.database.reading() as connection:
        first = deadlines.first_due(connection, now)
    if first is not None and first <= now + EARLY:
        core.clock.wait_until(first)
        fire_all_due(core)


def fire_all_due(core: Core, overdue_by: timedelta = timedelta(0)) -> int:
    """Fire what is overdue by that much; return how many. If many, all are decided before any is sent.

    After so many seconds it leaves the rest to the next task or sweep, to stay within the task's time limit.
    """
    fired, watch = fire_due(core, overdue_by), Stopwatch()
    if fired < BATCH:
        return fired
    with core.sender_pool.held():
        while watch.seconds() < MOST_S:
            count = fire_due(core, overdue_by)
            fired += count
            if count < BATCH:
                break
    return fired


def fire_due(core: Core, overdue_by: timedelta = timedelta(0)) -> int:
    """Fire up to a batch of deadlines overdue by that much; return how many. Raises Unavailable."""
    claimed_ids: list[UUID] = []
    return run_batch(
        "deadline",
        claimed_ids,
        together=lambda: _fire(core, overdue_by, claimed_ids),
        alone=lambda incident_id: _fire(core, timedelta(0), [], only=incident_id),
        failed=lambda incident_id, reason: _note_failure(core, incident_id, reason),
    )


def _note_failure(core: Core, incident_id: UUID, reason: str) -> None:
    """Count a failure, so that others go first; after the last try, park, alert, and still retry at times."""
    now = core.clock.now()
    with core.database.writing() as connection:
        attempts = deadlines.record_failure(connection, incident_id, now + _TRY_AGAIN)
        running = core.policies.running(connection)
        if attempts < TRIES or running is None:
            return
        deadlines.record_failure(connection, incident_id, now + _PARKED_TRY_AGAIN)
        entry = AuditEntry(AuditAction.DEADLINE_PARKED, reason=reason, incident_id=incident_id)
        audit_log.insert(connection, [(entry, None)], now)
        stuck = incidents.unsealed_fields(connection, incident_id)
        detail = f"#{stuck.number}: its deadline failed {TRIES} times ({reason}); open it now"
        last = _last_step(core, connection, stuck, running)
        OperatorAlerts(connection, now).raise_alert(
            f"{DEADLINE}{incident_id}", detail, running.policy, core.settings, last
        )


def _last_step(core: Core, connection: Connection, stuck: UnsealedFields, running: RunningPolicy) -> tuple[str, ...]:
    """Return the targets of the last step of a stuck incident's path; none outside production."""
    try:
        path = core.policies.version(connection, stuck.policy_version).paths.get(stuck.path, ())
    except PolicyError:
        path = running.policy.paths.get(stuck.path, ())
    mode = min(stuck.mode, core.mode_of(stuck.source, running.policy))
    if not path or mode is not Mode.PRODUCTION:
        return ()
    return tuple(stuck.assign or target if target == "team" else target for target in path[-1].notify)


def _fire(core: Core, overdue_by: timedelta, claimed_ids: list[UUID], only: UUID | None = None) -> int:
    now = core.clock.now()
    with unit_of_work(core) as work:
        connection = work.connection
        due = deadlines.lock_due(connection, now, now - overdue_by, BATCH, core.seal, claimed_ids, only)
        running = core.policies.running(connection) if due else None
        if running is None:
            return 0
        decisions = [Decision(incident, _fired(core, connection, incident, running, now)) for incident in due.values()]
        work.apply(decisions, running, now)
    _observe_lateness(core, due.values())
    return len(due)


def _fired(core: Core, connection: Connection, incident: Incident, running: RunningPolicy, now: datetime) -> Change:
    """Return the change at the deadline; the step's record has its lateness, without the commit."""
    change = fire_deadline(incident, rules_for(core, connection, incident, running), now)
    late = core.clock.now() - (incident.due_at or now)
    late_ms = str(max(0, round(late.total_seconds() * 1000)))
    entries = (
        replace(entry, after={**entry.after, "late_ms": late_ms}) if entry.action is AuditAction.STEP_FIRED else entry
        for entry in change.entries
    )
    return replace(change, entries=tuple(entries))


def _observe_lateness(core: Core, fired: Iterable[Incident]) -> None:
    committed_at = core.clock.now()
    for incident in fired:
        if incident.due_at is not None:
            core.metrics.observe(LATENESS, (committed_at - incident.due_at).total_seconds())


def fire_incident_now(core: Core, number: int) -> bool:
    """Move an incident's deadline to now (sandbox only); False when it has none. Raises Unavailable."""
    now = core.clock.now()
    has_fired = False
    with unit_of_work(core) as work:
        connection = work.connection
        incident_id = incidents.id_by_number(connection, number)
        locked = incidents.lock(connection, [incident_id] if incident_id else [], core.seal)
        running = core.policies.running(connection)
        for incident in locked.values():
            if running is not None and incident.due_at is not None:
                change = make_deadline_due(incident, rules_for(core, connection, incident, running), now)
                work.apply([Decision(incident, change)], running, now)
                has_fired = True
    return has_fired
