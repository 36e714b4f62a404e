"""Who was on call for each team at the last check."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from escalator.store.tables import oncall_snapshots
from escalator.store.upserts import insert_or_leave


@dataclass(frozen=True, slots=True)
class OncallSnapshot:
    """The people (keys) who were on call for a team, and since when."""

    team: str
    people: tuple[str, ...]
    since: datetime


def all_snapshots(connection: Connection) -> dict[str, OncallSnapshot]:
    """Return all snapshots, by team."""
    return {row.team: _noted(row) for row in connection.execute(select(oncall_snapshots))}


def lock(connection: Connection, team: str) -> OncallSnapshot | None:
    """Return a team's snapshot, locked for the rest of the transaction; None if there is none yet.

    A process that waits for the lock reads what the one before has written.
    """
    row = connection.execute(
        select(oncall_snapshots).where(oncall_snapshots.c.team == team).with_for_update()
    ).one_or_none()
    return _noted(row) if row else None


def insert_if_absent(connection: Connection, new: OncallSnapshot) -> None:
    """Insert a team's first snapshot, unless another process was first."""
    connection.execute(insert_or_leave(connection.dialect.name, oncall_snapshots), _row(new))


def save(connection: Connection, new: OncallSnapshot) -> None:
    """Update a team's snapshot; this transaction has locked the row."""
    connection.execute(update(oncall_snapshots).where(oncall_snapshots.c.team == new.team).values(**_row(new)))


def delete_teams(connection: Connection, teams: Collection[str]) -> None:
    """Delete teams that no longer have a schedule."""
    connection.execute(delete(oncall_snapshots).where(oncall_snapshots.c.team.in_(teams)))


def _noted(row: Row[Any]) -> OncallSnapshot:
    return OncallSnapshot(row.team, tuple(json.loads(row.people)), row.since)


def _row(snapshot: OncallSnapshot) -> dict[str, Any]:
    return {"team": snapshot.team, "people": json.dumps(snapshot.people), "since": snapshot.since}
