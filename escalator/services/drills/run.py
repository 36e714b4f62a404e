"""Drills: begun when due or on request, judged by who answered, and always ended.

A drill is a row and an event, written in one transaction, so a process that dies loses neither. The event is processed
like all events; the row, the event and the incident have one id.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.encryption import digest
from escalator.engine.drills import RecordedAction, drill_acknowledgement, end_drill, rehearsed_category_and_severity
from escalator.errors import PolicyError
from escalator.metrics import EVENTS
from escalator.model.audit import SYSTEM, Actor, AuditAction, AuditEntry
from escalator.model.incident import Incident
from escalator.model.policy import Drill, Policy, Route
from escalator.ports import PROCESS_EVENTS
from escalator.rendering.push_text import words
from escalator.schedules.weekly import last_due
from escalator.services.core.context import Core
from escalator.services.drills.results import DrillFailure, DrillResults
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import unit_of_work
from escalator.store import audit_log, drills, events, incidents, jobs, key_values
from escalator.store.drills import DrillRun, DrillState
from escalator.store.events import EventState, StoredEvent
from escalator.stream.drill import TYPE, DrillRehearsal, body_of

JOB = "drills"
"""Its name in the table of jobs."""

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=5)
_LOOKED = "drills_looked_at"

_NO_ROUTE = DrillFailure("no_route", "could not start: its route is no longer in the policy")
_NO_SOURCE = DrillFailure("no_source", "could not start: no source of the policy is enabled")
_NOT_PROCESSED = DrillFailure("not_processed", "did not start in time: its event is still waiting or parked")


@dataclass(frozen=True, slots=True)
class DrillStart:
    """When a drill was due, when it begins, who started it, where."""

    scheduled_at: datetime
    now: datetime
    by: Actor = SYSTEM
    via: str = "engine"


def run_due_drills(core: Core) -> None:
    """Begin the drills that are due, and record the results of running ones. Raises Unavailable."""
    now = core.clock.now()
    with core.database.writing() as connection:
        if not jobs.claim_due(connection, JOB, now, EVERY):
            return
    _begin_due(core, now)
    _judge(core, now)


def start_drill(core: Core, drill: Drill, by: Actor, via: str) -> DrillRun | None:
    """Begin a drill of the running policy on request; None when one of that name runs, or it cannot begin."""
    now = core.clock.now()
    with core.database.writing() as connection:
        running = core.policies.required(connection)
        if any(run.name == drill.name for run in drills.running(connection)):
            return None
        return _begin(core, connection, drill, running.policy, DrillStart(now, now, by, via))


def _begin_due(core: Core, now: datetime) -> None:
    """Begin what became due since the last look, however long ago: the last of each, no backlog.

    Only if the policy had it by then: a drill that is new in the file waits for its next time.
    """
    with core.database.writing() as connection:
        running = core.policies.running(connection)
        if running is None:
            return
        looked = key_values.get_with_time(connection, _LOOKED)
        key_values.save(connection, _LOOKED, str(running.version), now)
        if looked is None:
            return
        policy = running.policy
        planned = _planned(_read(core, connection, UUID(looked.value)), now)
        due = {
            name: at for name, at in _planned(policy, now).items() if looked.updated_at < at and planned.get(name) == at
        }
        starts = [(drill, DrillStart(due[drill.name], now)) for drill in policy.drills if drill.name in due]
        begun = [_begin(core, connection, drill, policy, start) for drill, start in starts]
    if any(begun):
        core.queue.publish(PROCESS_EVENTS)


def _planned(policy: Policy | None, now: datetime) -> dict[str, datetime]:
    """Return when each was due last."""
    if policy is None:
        return {}
    return {drill.name: last_due(drill.weekday, drill.at, policy.timezone, now) for drill in policy.drills}


def _read(core: Core, connection: Connection, version: UUID) -> Policy | None:
    try:
        return core.policies.version(connection, version)
    except PolicyError:
        log.warning("policy_unreadable", version=str(version))
        return None


def _begin(core: Core, connection: Connection, drill: Drill, policy: Policy, start: DrillStart) -> DrillRun | None:
    """Write the row of a drill and its event, or why it cannot begin; None then, or if the row exists."""
    expected_by = start.now + drill.expected_within
    run = DrillRun(uuid7(), drill.name, drill.route, start.scheduled_at, expected_by, DrillState.RUNNING)
    if not drills.insert(connection, run):
        return None
    route = next((candidate for candidate in policy.routes if candidate.name == drill.route), None)
    source = _source(core, route, policy) if route else None
    if route is not None and source is not None and start.now - start.scheduled_at <= drill.expected_within:
        rehearsal = DrillRehearsal(str(run.id), run.name, run.route, *rehearsed_category_and_severity(route, policy))
        _store(core, connection, rehearsal, source, run, start)
        return run
    failure = _NO_ROUTE if route is None else _NO_SOURCE if source is None else _missed(start)
    DrillResults(connection, core.settings, policy, start.now).record_failed(run, failure)
    return None


def _missed(start: DrillStart) -> DrillFailure:
    late = words(start.now - start.scheduled_at)
    return DrillFailure("missed", f"was due {late} ago, but no worker was running to start it", DrillState.MISSED)


def _source(core: Core, route: Route, policy: Policy) -> str | None:
    """Return the source of its alert: the first that is on, of those that the route names, if any."""
    on = [source.name for source in policy.sources.values() if core.expand(source.api_key)]
    named = route.when.tests.get("source", ())
    return next((name for name in on if name in named), on[0] if on else None)


def _store(
    core: Core, connection: Connection, rehearsal: DrillRehearsal, source: str, run: DrillRun, start: DrillStart
) -> None:
    body = body_of(rehearsal)
    event = StoredEvent(run.id, source, digest(body), TYPE, start.now, EventState.NEW)
    events.insert(connection, replace(event, sealed_body=core.seal.seal(body)))
    entry = AuditEntry(AuditAction.DRILL_STARTED, start.by, start.via, after={"drill": run.name, "route": run.route})
    audit_log.insert(connection, [(entry, None)], start.now)
    core.metrics.count(EVENTS, source=source, type=TYPE, outcome="stored")
    log.info("drill_started", drill_id=str(run.id))


def _judge(core: Core, now: datetime) -> None:
    """Record each running drill as passed or failed as soon as that is known; end its incident."""
    with core.database.reading() as connection:
        runs = drills.running(connection)
    if not runs:
        return
    with unit_of_work(core) as work:
        connection = work.connection
        running = core.policies.running(connection)
        if running is None:
            return
        incidents_by_id = incidents.lock(connection, [run.id for run in runs], core.seal)
        results = DrillResults(connection, core.settings, running.policy, now)
        judged_runs = [run for run in runs if _write_result(results, run, incidents_by_id.get(run.id))]
        over = [incidents_by_id[run.id] for run in judged_runs if run.id in incidents_by_id]
        ends = [Decision(ended, end_drill(ended, rules_for(core, connection, ended, running), now)) for ended in over]
        work.apply(ends, running, now)


def _write_result(results: DrillResults, run: DrillRun, incident: Incident | None) -> bool:
    """Record whether a drill passed or failed; False while there is time."""
    answer = (
        drill_acknowledgement(_recorded_actions(results.connection, incident.id), run.expected_by) if incident else None
    )
    if incident is not None and answer is not None:
        results.record_passed(run, incident, answer)
        return True
    failure = _why_failed(results, run, incident)
    if failure is not None:
        results.record_failed(run, failure, incident)
    return failure is not None


def _recorded_actions(connection: Connection, incident_id: UUID) -> Iterator[RecordedAction]:
    for row in audit_log.of_incident(connection, incident_id):
        yield RecordedAction(row.recorded_at, AuditAction(row.action), row.actor_key)


def _why_failed(results: DrillResults, run: DrillRun, incident: Incident | None) -> DrillFailure | None:
    """Return why an unanswered drill has failed; None while there is time.

    One that fails before it has begun never begins: nothing would end its incident.
    """
    if incident is None and events.state_of(results.connection, run.id) is EventState.IGNORED:
        return _NO_ROUTE
    if results.now <= run.expected_by:
        return None
    if incident is None:
        return _NOT_PROCESSED if events.withdraw(results.connection, run.id) else None
    within = words(run.expected_by - incident.opened_at)
    return DrillFailure("not_acknowledged", f"was not acknowledged within {within} (#{incident.number})")
