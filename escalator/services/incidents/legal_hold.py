"""A legal hold prevents deletion of an incident's content until it is lifted: for the police, a court, an appeal."""

from dataclasses import dataclass

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine.permissions import allowed_people
from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.incident import Incident
from escalator.model.levels import Role
from escalator.model.policy import Person
from escalator.policy.problems import did_you_mean, quoted
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.store import audit_log, incidents, notes
from escalator.store.notes import Note

MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Who sets (`is_held`) or lifts the hold of which incident, and why; `by` is a key of the policy."""

    number: int
    is_held: bool
    by: str
    reason: str
    via: str


@dataclass(frozen=True, slots=True)
class HoldRefused:
    """Nothing changed: why, in words. `is_missing`: there is no such incident that they may see."""

    message: str
    is_missing: bool = False


def change_hold(core: Core, request: HoldRequest) -> str | HoldRefused:
    """Set or lift a hold, record it, and return the answer; admins only. Raises Unavailable."""
    reason = " ".join(request.reason.split())
    with core.database.writing() as connection:
        running = core.policies.required(connection)
        person = running.policy.people.get(request.by)
        if person is None:
            return HoldRefused(
                f"{quoted(request.by)} is not a person of the policy; {did_you_mean(request.by, running.policy.people)}"
            )
        incident = _find_incident(core, connection, request.number, person, running)
        refusal = _refusal(incident, person, request)
        if incident is None or refusal is not None:
            return refusal or HoldRefused("", is_missing=True)
        if not 0 < len(reason) <= MAX_REASON:
            return HoldRefused(f"give a reason of at most {MAX_REASON} characters")
        incidents.set_hold(connection, incident.id, is_held=request.is_held)
        _record(core, connection, incident, request, reason)
    held = "is kept until the hold is lifted" if request.is_held else "is deleted after `retention.content` again"
    return f"The content of #{request.number} {held}."


def _find_incident(
    core: Core, connection: Connection, number: int, person: Person, running: RunningPolicy
) -> Incident | None:
    """Return the incident, locked; None when there is none that they may see."""
    incident_id = incidents.id_by_number(connection, number)
    locked = incidents.lock(connection, [incident_id], core.seal) if incident_id else {}
    incident = next(iter(locked.values()), None)
    allowed = allowed_people(incident, running.policy) if incident else None
    return incident if allowed is None or person.key in allowed else None


def _refusal(incident: Incident | None, person: Person, request: HoldRequest) -> HoldRefused | None:
    if person.role < Role.ADMIN:
        return HoldRefused(f"{person.name} may not set or lift a hold; ask an admin")
    if incident is None:
        return HoldRefused(f"there is no incident #{request.number}", is_missing=True)
    if incident.has_legal_hold is request.is_held:
        return HoldRefused(f"#{request.number} {'is held already' if request.is_held else 'is not held'}")
    if request.is_held and not incident.content.latest and not incident.facts.seen:
        return HoldRefused(f"the content of #{request.number} has been deleted already")
    return None


def _record(core: Core, connection: Connection, incident: Incident, request: HoldRequest, reason: str) -> None:
    """Record ids only; the reason is stored sealed beside the record, like a note."""
    now, text_id = core.clock.now(), uuid7()
    notes.insert(connection, Note(text_id, incident.id, now, request.by, core.seal.seal(reason.encode())))
    action = AuditAction.HELD if request.is_held else AuditAction.HOLD_LIFTED
    entry = AuditEntry(
        action, Actor("person", request.by), request.via, after={"reason_id": str(text_id)}, incident_id=incident.id
    )
    audit_log.insert(connection, [(entry, incident.policy_version)], now)
