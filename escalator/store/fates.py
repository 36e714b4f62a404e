"""What became of every notification of an incident, for who looks at it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from escalator.store.tables import deliveries

MOST = 500
_PLACE = ("round", "step", "sending")
_SHOWN = ("created_at", "occasion", *_PLACE, "target", "destination", "channel", "mode", "state", "attempts")
_COLUMNS = [deliveries.c[name] for name in (*_SHOWN, "delivered_at", "reason")]


def of_incident(connection: Connection, incident_id: UUID) -> list[Row[Any]]:
    """Return the newest of an incident's notifications, the oldest first, without addresses: some are secrets."""
    newest = select(*_COLUMNS).where(deliveries.c.incident_id == incident_id).order_by(deliveries.c.id.desc())
    return list(connection.execute(newest.limit(MOST)))[::-1]
