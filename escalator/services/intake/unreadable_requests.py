"""Signed requests that are no events (not JSON, or no `type`): stored sealed; reading by an admin is recorded."""

from dataclasses import dataclass
from uuid import UUID

from escalator.errors import ContentLocked
from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.levels import Role
from escalator.model.policy import Policy
from escalator.policy.problems import did_you_mean, quoted
from escalator.services.core.context import Core
from escalator.store import audit_log, events
from escalator.store.events import StoredEvent

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class ReadRefused:
    """Why a body is not shown, in words. `is_missing` when there is no such request."""

    message: str
    is_missing: bool = False


def list_unreadable(core: Core) -> list[StoredEvent]:
    """Return the newest of them, without bodies. Raises Unavailable."""
    with core.database.reading() as connection:
        return events.newest_invalid(connection, MOST_LISTED)


def read_body(core: Core, event_id: UUID, by: str, via: str) -> str | ReadRefused:
    """Record that an admin (a key of the policy) reads one body, and return it as text. Raises Unavailable."""
    with core.database.writing() as connection:
        running = core.policies.required(connection)
        refusal = _refusal(by, running.policy)
        event = next(iter(events.newest_invalid(connection, 1, event_id)), None)
        if refusal is not None or event is None:
            return refusal or ReadRefused("there is no unreadable request with this id", is_missing=True)
        if event.sealed_body is None:
            return ReadRefused("its body has been deleted (retention.content)")
        try:
            body = core.seal.open(event.sealed_body)
        except ContentLocked:
            return ReadRefused("no key in CONTENT_KEY decrypts it")
        entry = AuditEntry(AuditAction.EVENT_READ, Actor("person", by), via, after={"event": str(event_id)})
        audit_log.insert(connection, [(entry, running.version)], core.clock.now())
    return body.decode("utf-8", "replace")


def _refusal(by: str, policy: Policy) -> ReadRefused | None:
    person = policy.people.get(by)
    if person is None:
        return ReadRefused(f"{quoted(by)} is not a person of the policy; {did_you_mean(by, policy.people)}")
    return (
        None if person.role is Role.ADMIN else ReadRefused(f"{person.name} may not read request bodies; ask an admin")
    )
