"""Deadlines that fire within seconds, of incidents whose item in Stream may have changed since it was last shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, and_, exists, or_, select

from escalator.model.audit import AuditAction
from escalator.model.incident import DueKind
from escalator.model.levels import Mode
from escalator.store.tables import audit_records, incident_keys, incidents, stream_items

_AFTER_THE_FIRST_SEND = or_(
    and_(incidents.c.due_kind == DueKind.STEP, incidents.c.step >= 0),
    incidents.c.due_kind.in_([DueKind.RESTART, DueKind.RESOLVE_WITHIN]),
)


@dataclass(frozen=True, slots=True)
class NearDeadline:
    """A deadline, and one item of its incident; `is_reviewed` as far as Stream has shown."""

    incident_id: UUID
    source: str
    item_id: str
    is_reviewed: bool


def near_deadlines(
    connection: Connection, now: datetime, within: timedelta, shown_within: timedelta, sources: Sequence[str]
) -> list[NearDeadline]:
    """Return the deadlines of these sources that fire within that time, the next first.

    Left out are first sends, items that Stream has shown within `shown_within`, and what it was asked about already.
    """
    if not sources:
        return []
    is_row = and_(stream_items.c.source == incident_keys.c.source, stream_items.c.item_id == incident_keys.c.value)
    is_ours = and_(incident_keys.c.incident_id == incidents.c.id, incident_keys.c.kind == "item")
    # Whatever was recorded since then is about this deadline: none is asked about any earlier.
    was_asked = exists().where(
        audit_records.c.incident_id == incidents.c.id,
        audit_records.c.action == AuditAction.STREAM_ASKED,
        audit_records.c.recorded_at >= now - within,
    )
    statement = (
        select(incidents.c.id, incident_keys.c.source, incident_keys.c.value, stream_items.c.reviewed_at)
        .select_from(incidents.join(incident_keys, is_ours).outerjoin(stream_items, is_row))
        .where(
            incidents.c.due_at > now,
            incidents.c.due_at <= now + within,
            incidents.c.mode != Mode.SANDBOX,
            incident_keys.c.source.in_(sources),
            _AFTER_THE_FIRST_SEND,
            or_(stream_items.c.confirmed_at.is_(None), stream_items.c.confirmed_at < now - shown_within),
            ~was_asked,
        )
        .order_by(incidents.c.due_at, incident_keys.c.value)
    )
    return [
        NearDeadline(row.id, row.source, row.value, row.reviewed_at is not None)
        for row in connection.execute(statement)
    ]
