"""Who revealed hidden text when, from the audit log."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select

from escalator.model.audit import AuditAction
from escalator.model.levels import Severity
from escalator.store.tables import audit_records, incidents


def last_revealed(
    connection: Connection, people: Collection[str], since: datetime, severities: Collection[Severity]
) -> Mapping[str, Mapping[UUID, datetime]]:
    """Return, by person, when they last revealed text of each incident of these severities since then."""
    statement = (
        select(
            audit_records.c.actor_key, audit_records.c.incident_id, func.max(audit_records.c.recorded_at).label("at")
        )
        .join(incidents, incidents.c.id == audit_records.c.incident_id)
        .where(
            audit_records.c.actor_key.in_(sorted(people)),
            audit_records.c.actor_kind == "person",
            audit_records.c.action == AuditAction.REVEALED,
            audit_records.c.recorded_at >= since,
            incidents.c.severity.in_(sorted(severity.value for severity in severities)),
        )
        .group_by(audit_records.c.actor_key, audit_records.c.incident_id)
    )
    by_person: dict[str, dict[UUID, datetime]] = defaultdict(dict)
    for row in connection.execute(statement):
        by_person[row.actor_key][row.incident_id] = row.at
    return by_person
