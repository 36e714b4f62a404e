"""The timeline of one incident: its newest records and notifications, in order of time."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from escalator.store.tables import audit_records, deliveries, incidents
from escalator.store.visibility import Audience


def records_of(connection: Connection, incident_id: UUID, most: int) -> list[Row[Any]]:
    """Return an incident's newest records, oldest of them first."""
    newest = select(audit_records).where(audit_records.c.incident_id == incident_id)
    rows = connection.execute(
        newest.order_by(audit_records.c.recorded_at.desc(), audit_records.c.id.desc()).limit(most)
    ).all()
    return list(reversed(rows))


def deliveries_of(connection: Connection, incident_id: UUID, most: int) -> list[Row[Any]]:
    """Return an incident's newest notifications, oldest of them first."""
    newest = select(deliveries).where(deliveries.c.incident_id == incident_id)
    rows = connection.execute(newest.order_by(deliveries.c.id.desc()).limit(most)).all()
    return list(reversed(rows))


def numbers_of(connection: Connection, ids: list[UUID], audience: Audience) -> dict[UUID, int]:
    """Return the numbers of those of these incidents that the viewer may see."""
    statement = select(incidents.c.id, incidents.c.number).where(incidents.c.id.in_(ids), audience.may_see())
    return {row.id: row.number for row in connection.execute(statement)} if ids else {}


def members_of(connection: Connection, group_id: UUID, audience: Audience, most: int) -> list[tuple[int, str]]:
    """Return number and state of a group's newest incidents that the viewer may see."""
    statement = (
        select(incidents.c.number, incidents.c.state)
        .where(incidents.c.group_id == group_id, audience.may_see())
        .order_by(incidents.c.id.desc())
        .limit(most)
    )
    return [(row.number, row.state) for row in connection.execute(statement)]
