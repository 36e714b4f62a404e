"""The end of a silence: it is recorded and announced once, and the incidents it held back resume."""

import hashlib
from datetime import timedelta

from sqlalchemy import Connection

from escalator.model.audit import SYSTEM, Actor, AuditAction, AuditEntry
from escalator.model.silence import Silence
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.silences.announce import announce_silence
from escalator.store import audit_log, jobs, key_values, silences

BATCH = 50
JOB = "silences"
"""Its name in the table of jobs."""

EVERY = timedelta(seconds=5)
_FILE = Actor("file", "file")
_BEGUN, _ENDED = "begun", "ended"
_LONGEST = timedelta(days=1)


def resume_after_silence(core: Core) -> None:
    """Resume the incidents that wait for a silence that was ended or is no longer in the policy.

    A batch in one transaction: the deadlines are moved to now and fire normally. Raises Unavailable.
    """
    while _hurry(core) == BATCH:
        pass


def _hurry(core: Core) -> int:
    now = core.clock.now()
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        if running is None or not silences.has_waiting(connection, _in_force(running, core), now):
            return 0
    with core.database.writing() as connection:
        running = core.policies.running(connection)
        hurried = silences.resume_waiting(connection, _in_force(running, core), now, BATCH) if running else ()
    if hurried:
        core.queue.publish_at(now)
    return len(hurried)


def _in_force(running: RunningPolicy, core: Core) -> list[Silence]:
    now = core.clock.now()
    return [silence for silence in running.silences if silence.starts_at <= now < silence.ends_at]


def record_silence_changes(core: Core) -> None:
    """Record and announce once what ended by itself and what the file began. Raises Unavailable."""
    now = core.clock.now()
    with unit_of_work(core) as work:
        connection = work.connection
        running = core.policies.running(connection)
        if running is None or not jobs.claim_due(connection, JOB, now, EVERY):
            return
        announced = [*_end(core, connection, running), *_follow_file(core, connection, running)]
        work.has_deliveries = any(announced)


def _end(core: Core, connection: Connection, running: RunningPolicy) -> list[bool]:
    now = core.clock.now()
    over = [row.silence for row in silences.unended(connection, locked=True) if row.silence.ends_at <= now]
    for silence in over:
        if silence.id is not None:
            silences.end(connection, silence.id, silence.ends_at, now)
    entries = [
        AuditEntry(AuditAction.SILENCE_ENDED, SYSTEM, reason=str(silence.id), after=silence_details(silence))
        for silence in over
    ]
    audit_log.insert(connection, [(entry, running.version) for entry in entries], now)
    return [announce_silence(core, connection, running, silence, now, is_over=True) for silence in over]


def _follow_file(core: Core, connection: Connection, running: RunningPolicy) -> list[bool]:
    """Record and announce the file's own silences; those long over do not concern this version."""
    now = core.clock.now()
    announced = []
    for silence in running.policy.silences:
        if not silence.starts_at <= now < silence.ends_at + _LONGEST:
            continue
        name, is_over = f"silence:{_digest(silence)}", silence.ends_at <= now
        known, new_mark = key_values.get(connection, name), _ENDED if is_over else _BEGUN
        if known == new_mark or (is_over and known is None):
            continue
        key_values.save(connection, name, new_mark, now)
        action = AuditAction.SILENCE_ENDED if is_over else AuditAction.SILENCE_BEGUN
        entry = AuditEntry(action, SYSTEM if is_over else _FILE, "file", after=silence_details(silence))
        audit_log.insert(connection, [(entry, running.version)], now)
        announced.append(announce_silence(core, connection, running, silence, now, is_over=is_over))
    return announced


def silence_details(silence: Silence) -> dict[str, str]:
    """Return a silence's details for a record: keys, and its end."""
    return {
        silence.of.value: silence.name,
        "author": silence.author,
        "ends_at": silence.ends_at.isoformat(),
        "critical": str(silence.is_for_critical).lower(),
    }


def _digest(silence: Silence) -> str:
    parts = (silence.of, silence.name, silence.author, silence.starts_at.isoformat(), silence.ends_at.isoformat())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
