"""Incidents as lists of their ids, for people who look around."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, case, select

from escalator.model.incident import State
from escalator.model.ranks import Severity
from escalator.store.tables import incidents

_GRAVITIES = {one.value: one.gravity for one in Severity}


def newest(connection: Connection, states: Collection[State], limit: int) -> list[UUID]:
    """Return the newest incidents in any of these states (all states when none is named), the newest first."""
    statement = select(incidents.c.id).order_by(incidents.c.number.desc()).limit(limit)
    if states:
        statement = statement.where(incidents.c.state.in_([state.value for state in states]))
    return list(connection.scalars(statement))


def assigned(connection: Connection, team: str, states: Collection[State], limit: int) -> list[UUID]:
    """Return the incidents in these states that are assigned to a team, drills apart, the gravest and oldest first."""
    statement = (
        select(incidents.c.id)
        .where(
            incidents.c.assign == team,
            incidents.c.state.in_([state.value for state in states]),
            incidents.c.drill.is_(None),
        )
        .order_by(case(_GRAVITIES, value=incidents.c.severity).desc(), incidents.c.opened_at, incidents.c.number)
        .limit(limit)
    )
    return list(connection.scalars(statement))
