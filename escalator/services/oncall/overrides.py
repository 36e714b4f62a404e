"""Manual overrides: somebody puts a person on call for a time, or ends that."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from uuid6 import uuid7

from escalator.engine.oncall import may_view_schedule
from escalator.engine.overrides import MAX_OVERRIDE_LEAD, MAX_OVERRIDE_LENGTH, may_add_override, may_end_override
from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.levels import Mode, Role
from escalator.model.policy import Person, Policy
from escalator.model.schedule import ManualOverride
from escalator.policy.problems import quoted
from escalator.schedules.local_time import local_time_reached
from escalator.services.core.context import Core
from escalator.store import audit_log, overrides


class OverrideProblem(StrEnum):
    """The kind of problem with a request."""

    ROLE = "role"
    SCHEDULE = "schedule"
    PERSON = "person"
    SPAN = "span"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class OverrideRefused:
    """Nothing changed: what was wrong, and in words what would be valid."""

    problem: OverrideProblem
    message: str


@dataclass(frozen=True, slots=True)
class OverrideRequest:
    """Who is to be on call on a schedule, in [start, end), both aware."""

    schedule: str
    person: str
    start: datetime
    end: datetime


def create_override(core: Core, request: OverrideRequest, author: Person, via: str) -> ManualOverride | OverrideRefused:
    """Put somebody on call, or return the problem; the past stays unchanged. Raises Unavailable."""
    now = core.clock.now()
    with core.database.writing() as connection:
        running = core.policies.required(connection)
        refusal = _refusal(request, author, running.policy, now)
        if refusal is not None:
            return refusal
        start = max(request.start, now)
        new = ManualOverride(uuid7(), request.schedule, request.person, start, request.end, author.key)
        overrides.insert(connection, new, via, now)
        audit_log.insert(connection, [(_entry(AuditAction.OVERRIDE_BEGUN, new, author, via), running.version)], now)
    return new


def end_override(core: Core, override_id: UUID, actor: Person, via: str) -> ManualOverride | OverrideRefused:
    """End one: from now on the schedule applies again. Raises Unavailable.

    The sandbox cannot end real overrides, because nobody is authenticated there.
    """
    now = core.clock.now()
    with core.database.writing() as connection:
        running = core.policies.required(connection)
        override = overrides.lock_active(connection, override_id, is_sandbox=via == Mode.SANDBOX)
        if override is None or override.end <= now or not may_view_schedule(override.schedule, actor, running.policy):
            return OverrideRefused(OverrideProblem.GONE, "that override has already ended")
        if not may_end_override(actor, override):
            return OverrideRefused(OverrideProblem.ROLE, "somebody else created it; ask them or a senior moderator")
        overrides.end(connection, override_id, now)
        ended = replace(override, end=max(override.start, now))
        audit_log.insert(connection, [(_entry(AuditAction.OVERRIDE_ENDED, ended, actor, via), running.version)], now)
    return ended


def _refusal(request: OverrideRequest, author: Person, policy: Policy, now: datetime) -> OverrideRefused | None:
    schedule, person = policy.schedules.get(request.schedule), policy.people.get(request.person)
    if author.role < Role.MODERATOR:
        return OverrideRefused(OverrideProblem.ROLE, "your role does not allow this; ask a senior moderator")
    if schedule is None or not may_view_schedule(schedule.key, author, policy):
        return OverrideRefused(
            OverrideProblem.SCHEDULE, f"there is no schedule {quoted(request.schedule)}; choose one from the page"
        )
    if person is None:
        return OverrideRefused(
            OverrideProblem.PERSON, f"{quoted(request.person)} is not a person of the policy; choose one who is"
        )
    if not may_add_override(author, person.key):
        return OverrideRefused(
            OverrideProblem.ROLE, "you can only put yourself on call; for others ask a senior moderator"
        )
    if not person.role.may_acknowledge:
        return OverrideRefused(
            OverrideProblem.PERSON, f"{person.name} may not acknowledge anything; choose a moderator, senior or admin"
        )
    problem = _wrong_span(
        local_time_reached(request.start, schedule.timezone), local_time_reached(request.end, schedule.timezone)
    )
    if request.end <= now:
        problem = "it ends in the past; choose a later end"
    elif request.start > now + MAX_OVERRIDE_LEAD:
        problem = f"it starts more than {MAX_OVERRIDE_LEAD.days} days from now; choose an earlier start"
    return OverrideRefused(OverrideProblem.SPAN, problem) if problem else None


def _wrong_span(start: datetime, end: datetime) -> str:
    """Return what is wrong with these local times; a month with a clock change is no longer than another."""
    if start >= end:
        return "it ends before it starts; choose a later end"
    return (
        f"it lasts more than {MAX_OVERRIDE_LENGTH.days} days; choose an earlier end"
        if end - start > MAX_OVERRIDE_LENGTH
        else ""
    )


def _entry(action: AuditAction, override: ManualOverride, person: Person, via: str) -> AuditEntry:
    after = {
        "schedule": override.schedule,
        "person": override.person,
        "from": override.start.isoformat(timespec="seconds"),
        "to": override.end.isoformat(timespec="seconds"),
    }
    return AuditEntry(action, Actor("person", person.key), via, str(override.id), after=after)
