"""The incidents of the sandbox: state, next step, timeline, and how fast it was."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, true

from escalator.channels.stand_in import Json
from escalator.model.audit import AuditAction
from escalator.model.incident import Incident
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.rendering import timeline
from escalator.rendering.iso_timestamps import exact, exact_or_none
from escalator.rendering.view import headline
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.next_step import describe_next_step
from escalator.store import incidents as incident_store
from escalator.store.deliveries import DeliveryKind, DeliveryState
from escalator.store.tables import audit_records, deliveries, incidents
from escalator.store.visibility import Audience

MOST_INCIDENTS = 50
MOST_RECORDS = 1500

_SPEAKS_FOR_ITSELF = "system"


@dataclass(frozen=True, slots=True)
class _History:
    """The history of some incidents: when each first reached a person, and its records, the oldest first."""

    first_told: Mapping[UUID, datetime]
    records: Mapping[UUID, Sequence[Row[Any]]]


def newest_incidents(
    core: Core, connection: Connection, running: RunningPolicy, audience: Audience | None = None
) -> list[Json]:
    """Return the newest incidents of the sandbox, the oldest of them first; only those that the audience may see.

    Raises ContentLocked.
    """
    newest = (
        select(incidents.c.id)
        .where(incidents.c.mode == Mode.SANDBOX, true() if audience is None else audience.may_see())
        .order_by(incidents.c.number.desc())
        .limit(MOST_INCIDENTS)
    )
    by_id = incident_store.read(connection, connection.scalars(newest), core.seal)
    history = _history(connection, list(by_id))
    return [
        _incident(incident, core.policies.version(connection, incident.policy_version), running.policy, history)
        for incident in sorted(by_id.values(), key=lambda incident: incident.number)
    ]


def _history(connection: Connection, ids: Sequence[UUID]) -> _History:
    first_deliveries = connection.execute(
        select(deliveries.c.incident_id, func.min(deliveries.c.delivered_at).label("at"))
        .where(
            deliveries.c.incident_id.in_(ids),
            deliveries.c.mode == Mode.SANDBOX,
            deliveries.c.state == DeliveryState.DELIVERED,
            deliveries.c.kind != DeliveryKind.COPY,
        )
        .group_by(deliveries.c.incident_id)
    )
    newest = connection.execute(
        select(audit_records)
        .where(audit_records.c.incident_id.in_(ids))
        .order_by(audit_records.c.recorded_at.desc(), audit_records.c.id.desc())
        .limit(MOST_RECORDS)
    )
    by_incident: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for record in reversed(newest.all()):
        by_incident[record.incident_id].append(record)
    return _History({row.incident_id: row.at for row in first_deliveries}, by_incident)


def _incident(incident: Incident, frozen: Policy, running: Policy, history: _History) -> Json:
    category = frozen.categories.get(incident.category or "") or running.categories.get(incident.category or "")
    records = [(record, json.loads(record.after)) for record in history.records.get(incident.id, ())]
    notified_at = history.first_told.get(incident.id)
    return {
        "number": incident.number,
        "state": incident.state.value,
        "header": headline(incident, category),
        "category": incident.category,
        "severity": incident.severity.value,
        "opened_at": exact(incident.opened_at),
        "due_at": exact_or_none(incident.due_at),
        "due_kind": incident.due_kind.value if incident.due_kind else None,
        "next": describe_next_step(incident, frozen, running),
        "owner": incident.owner,
        "figures": {
            "webhook_to_message_ms": None if notified_at is None else _milliseconds(notified_at - incident.opened_at),
            "lateness_ms": [float(after["late_ms"]) for record, after in records if _is_late_step(record, after)],
        },
        "timeline": [_entry(record, after, running) for record, after in records],
    }


def _milliseconds(span: timedelta) -> float:
    return round(span.total_seconds() * 1000, 1)


def _is_late_step(record: Row[Any], after: Mapping[str, str]) -> bool:
    """Whether a deadline fired it; the first step of an incident and requests of people are never late."""
    return record.action == AuditAction.STEP_FIRED.value and "late_ms" in after


def _entry(record: Row[Any], after: Mapping[str, str], policy: Policy) -> Json:
    """Return a record in words. The page puts an actor before the text, but these sentences name theirs."""
    return {
        "at": exact(record.recorded_at),
        "action": record.action,
        "actor": _SPEAKS_FOR_ITSELF,
        "text": timeline.record_words(record.action, record.actor_key, record.reason, after, policy),
    }
