"""Incidents as lists of their ids, for people who look around."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, select

from escalator.model.incident import State
from escalator.store.tables import incidents


def newest(connection: Connection, states: Collection[State], limit: int) -> list[UUID]:
    """Return the newest incidents in any of these states (all states when none is named), the newest first."""
    statement = select(incidents.c.id).order_by(incidents.c.number.desc()).limit(limit)
    if states:
        statement = statement.where(incidents.c.state.in_([state.value for state in states]))
    return list(connection.scalars(statement))
