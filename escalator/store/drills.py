"""Scheduled drills: one row for each, with its result."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, update

from escalator.store.pipeline import changed_rows
from escalator.store.tables import drills, incidents
from escalator.store.upserts import upsert


class DrillState(StrEnum):
    """The state of a drill. A missed one was due while no process ran that could begin it."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class DrillRun:
    """One drill. `id` is also that of its event and its incident. `acknowledged_by`: keys, separated by commas."""

    id: UUID
    name: str
    route: str
    scheduled_at: datetime
    expected_by: datetime
    state: DrillState
    incident_id: UUID | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


_COLUMNS = tuple(drills.c[name] for name in DrillRun.__dataclass_fields__)
_BY_CHARS = 160


def insert(connection: Connection, run: DrillRun) -> bool:
    """Write a drill; False if the one of that instant exists already."""
    values = {name: getattr(run, name) for name in DrillRun.__dataclass_fields__}
    statement = upsert(connection, drills).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=["name", "scheduled_at"])
    return connection.execute(statement.returning(drills.c.id)).scalar_one_or_none() is not None


def running(connection: Connection) -> list[DrillRun]:
    """Return the drills that have not ended yet, oldest first."""
    rows = connection.execute(select(*_COLUMNS).where(drills.c.state == DrillState.RUNNING).order_by(drills.c.id))
    return [_read(row._mapping) for row in rows]


def finish(connection: Connection, run: DrillRun) -> bool:
    """Write the result of a running drill; False if it is written already."""
    changed = changed_rows(
        connection,
        update(drills)
        .where(drills.c.id == run.id, drills.c.state == DrillState.RUNNING)
        .values(
            state=run.state,
            incident_id=run.incident_id,
            acknowledged_by=run.acknowledged_by and run.acknowledged_by[:_BY_CHARS],
            acknowledged_at=run.acknowledged_at,
        ),
    )
    return changed == 1


class PastDrill(NamedTuple):
    """A drill, its incident's number and when that was opened; None if it has none."""

    run: DrillRun
    number: int | None
    opened_at: datetime | None


def newest(connection: Connection, name: str, most: int) -> list[PastDrill]:
    """Return the newest drills of that name, newest first."""
    statement = (
        select(*_COLUMNS, incidents.c.number, incidents.c.opened_at)
        .outerjoin(incidents, incidents.c.id == drills.c.id)
        .where(drills.c.name == name)
        .order_by(drills.c.scheduled_at.desc())
        .limit(most)
    )
    return [PastDrill(_read(row._mapping), row.number, row.opened_at) for row in connection.execute(statement)]


def _read(row: RowMapping) -> DrillRun:
    values = {name: row[name] for name in DrillRun.__dataclass_fields__}
    return DrillRun(**values | {"state": DrillState(row["state"])})
