"""One incident as a document for machines: everything but people's texts. Each export is recorded."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.incident import Incident
from escalator.model.levels import ContentRule
from escalator.rendering.iso_timestamps import exact, exact_or_none
from escalator.rendering.next_step import coming
from escalator.services.auth.incident_access import find_visible_incident
from escalator.services.auth.viewer import Viewer
from escalator.services.core.context import Core
from escalator.services.incidents.apply import rules_for
from escalator.services.views.incident import routing_reasons
from escalator.services.views.reveal import content_rule_for
from escalator.store import audit_log, timeline

MOST = 10_000
"""At most so many records and notifications, the newest."""

_PLAIN = (
    "number",
    "source",
    "category",
    "route",
    "path",
    "assign",
    "acks_needed",
    "round",
    "step",
    "owner",
    "closed_by",
    "drill",
)
_WORDS = ("state", "mode", "severity", "content_rule", "due_kind", "outcome")
_INSTANTS = (
    "opened_at",
    "acknowledged_at",
    "due_at",
    "closed_at",
    "last_event_at",
    "escalated_at",
)
_OF_NOTIFICATIONS = (
    "kind",
    "occasion",
    "round",
    "step",
    "target",
    "destination",
    "channel",
    "state",
    "attempts",
    "reason",
)


def export_incident(core: Core, viewer: Viewer, number: int) -> dict[str, Any] | None:
    """Return an incident with its history; None when there is none that this viewer may see.

    Raises Unavailable when it could not be recorded.
    """
    now = core.clock.now()
    with core.database.writing() as connection:
        running = core.policies.required(connection)
        incident = find_visible_incident(core, connection, viewer, number, running.policy)
        if incident is None:
            return None
        actor = Actor("person", viewer.person.key)
        entry = AuditEntry(AuditAction.EXPORTED, actor, viewer.via, after={"what": "incident"}, incident_id=incident.id)
        audit_log.insert(connection, [(entry, running.version)], now)
        rules = rules_for(core, connection, incident, running)
        is_withheld = content_rule_for(viewer, incident, running.policy) is ContentRule.WITHHOLD
        return {
            **_incident(incident, is_withheld=is_withheld),
            "why": routing_reasons(incident, rules, is_withheld=is_withheld),
            "records": [_record(row) for row in timeline.records_of(connection, incident.id, MOST)],
            "notifications": [_notification(row) for row in timeline.deliveries_of(connection, incident.id, MOST)],
            "coming": [
                {"at": exact(event.at), "what": event.what, "who": list(event.who)}
                for event in coming(incident, rules, now)
            ],
            "exported_at": exact(now),
        }


def _incident(incident: Incident, *, is_withheld: bool) -> Mapping[str, Any]:
    return {
        "id": str(incident.id),
        **{name: getattr(incident, name) for name in _PLAIN},
        "members": incident.member_count,
        **{name: _word(getattr(incident, name)) for name in _WORDS},
        **{name: exact_or_none(getattr(incident, name)) for name in _INSTANTS},
        "first_answered_at": exact_or_none(incident.first_acknowledged_at),
        "severity_reason": None if is_withheld else incident.severity_reason,
        "answers": [
            {"person": answer.person, "verb": answer.verb, "via": answer.via, "at": exact(answer.acknowledged_at)}
            for answer in incident.acknowledgements
        ],
    }


def _record(row: Row[Any]) -> Mapping[str, Any]:
    return {
        "at": exact(row.recorded_at),
        "action": row.action,
        "actor": {"kind": row.actor_kind, "key": row.actor_key},
        "via": row.via,
        "reason": row.reason,
        "before": json.loads(row.before),
        "after": json.loads(row.after),
    }


def _notification(row: Row[Any]) -> Mapping[str, Any]:
    values = {name: getattr(row, name) for name in _OF_NOTIFICATIONS}
    times = {"created_at": exact(row.created_at), "delivered_at": exact_or_none(row.delivered_at)}
    return {"id": str(row.id), **values, "sending": row.send_number, **times}


def _word(value: Any) -> str | None:
    return None if value is None else str(value.value)
