"""The incidents of the sandbox: how each stands, what comes next, what has happened, and how fast all that was."""

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
from escalator.rendering.timestamps import exact, exact_or_none
from escalator.rendering.view import headline
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.next_step import describe_next_step
from escalator.store import incidents as incident_store
from escalator.store.deliveries import DeliveryKind, DeliveryState
from escalator.store.tables import deliveries, incidents, records
from escalator.store.visibility import Audience

MOST_INCIDENTS = 50
MOST_RECORDS = 1500

_SPEAKS_FOR_ITSELF = "system"


@dataclass(frozen=True, slots=True)
class _History:
    """What has become of some incidents: when each first reached a person, and its records, the oldest first."""

    first_told: Mapping[UUID, datetime]
    records: Mapping[UUID, Sequence[Row[Any]]]


def newest_incidents(
    core: Core, connection: Connection, running: RunningPolicy, audience: Audience | None = None
) -> list[Json]:
    """Return the newest incidents of the sandbox, the oldest of them first; to an audience what it may see of them.

    Raises ContentLocked.
    """
    newest = (
        select(incidents.c.id)
        .where(incidents.c.mode == Mode.SANDBOX, true() if audience is None else audience.may_see())
        .order_by(incidents.c.number.desc())
        .limit(MOST_INCIDENTS)
    )
    found = incident_store.read(connection, connection.scalars(newest), core.seal)
    history = _history(connection, list(found))
    return [
        _incident(one, core.policies.version(connection, one.policy_version), running.policy, history)
        for one in sorted(found.values(), key=lambda one: one.number)
    ]


def _history(connection: Connection, ids: Sequence[UUID]) -> _History:
    told = connection.execute(
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
        select(records)
        .where(records.c.incident_id.in_(ids))
        .order_by(records.c.at.desc(), records.c.id.desc())
        .limit(MOST_RECORDS)
    )
    by_incident: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for record in reversed(newest.all()):
        by_incident[record.incident_id].append(record)
    return _History({row.incident_id: row.at for row in told}, by_incident)


def _incident(one: Incident, frozen: Policy, running: Policy, history: _History) -> Json:
    category = frozen.categories.get(one.category or "") or running.categories.get(one.category or "")
    happened = [(record, json.loads(record.after)) for record in history.records.get(one.id, ())]
    told_at = history.first_told.get(one.id)
    return {
        "number": one.number,
        "state": one.state.value,
        "header": headline(one, category),
        "category": one.category,
        "severity": one.severity.value,
        "opened_at": exact(one.opened_at),
        "due_at": exact_or_none(one.due_at),
        "due_kind": one.due_kind.value if one.due_kind else None,
        "next": describe_next_step(one, frozen, running),
        "owner": one.owner,
        "figures": {
            "webhook_to_message_ms": None if told_at is None else _milliseconds(told_at - one.opened_at),
            "lateness_ms": [float(after["late_ms"]) for record, after in happened if _is_late_step(record, after)],
        },
        "timeline": [_entry(record, after, running) for record, after in happened],
    }


def _milliseconds(span: timedelta) -> float:
    return round(span.total_seconds() * 1000, 1)


def _is_late_step(record: Row[Any], after: Mapping[str, str]) -> bool:
    """Whether a deadline fired it; the first step of an incident and what people ask for are never late."""
    return record.action == AuditAction.STEP_FIRED.value and "late_ms" in after


def _entry(record: Row[Any], after: Mapping[str, str], policy: Policy) -> Json:
    """Return a record in words. The page puts an actor before the text, but these sentences name theirs."""
    return {
        "at": exact(record.at),
        "action": record.action,
        "actor": _SPEAKS_FOR_ITSELF,
        "text": timeline.told(record.action, record.actor_key, record.reason, after, policy),
    }
