"""Digests: until when they have been sent, and the incidents that they count."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, delete, func, select

from escalator.engine.digests import Counted, DigestTurn
from escalator.model.incident import OPEN_STATES, State
from escalator.model.levels import Mode, Severity
from escalator.store.tables import digests, incidents
from escalator.store.upserts import upsert
from escalator.store.visibility import Audience

_OPEN = tuple(sorted(state.value for state in OPEN_STATES - {State.GROUPED}))
"""Members of a group are counted as their group."""


@dataclass(frozen=True, slots=True)
class IncidentCount:
    """How many incidents of a category (None for none) and severity there are, and how many nobody has acknowledged."""

    category: str | None
    severity: Severity
    count: int
    unacknowledged: int


def turns(connection: Connection) -> dict[str, DigestTurn]:
    """Return what is known of each digest, by name."""
    rows = connection.execute(select(digests))
    return {row.name: DigestTurn(row.rule, row.due_at, row.covered_until) for row in rows}


def save(connection: Connection, name: str, turn: DigestTurn) -> None:
    """Write what is known of a digest from now on."""
    values = {"rule": turn.rule, "due_at": turn.due_at, "covered_until": turn.covered_until}
    statement = upsert(connection, digests).values(name=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def forget(connection: Connection, names: Collection[str]) -> None:
    """Delete the digests that the policy no longer has."""
    connection.execute(delete(digests).where(digests.c.name.in_(list(names))))


def count_logged(  # noqa: PLR0913  # who reads it, what counts, and when
    connection: Connection,
    audience: Audience,
    counted: Counted,
    mode: Mode,
    since: datetime,
    until: datetime,
) -> list[IncidentCount]:
    """Return the incidents opened in [since, until) of which nobody was notified, without drills."""
    period = (
        incidents.c.state == State.LOGGED.value,
        incidents.c.opened_at >= since,
        incidents.c.opened_at < until,
    )
    return _counts(connection, audience, counted, mode, *period)


def count_open(connection: Connection, audience: Audience, counted: Counted, mode: Mode) -> list[IncidentCount]:
    """Return the open incidents, without drills."""
    return _counts(connection, audience, counted, mode, incidents.c.state.in_(_OPEN))


def _counts(
    connection: Connection, audience: Audience, counted: Counted, mode: Mode, *which: ColumnElement[bool]
) -> list[IncidentCount]:
    unacknowledged = func.sum(case((incidents.c.state == State.TRIGGERED.value, 1), else_=0)).label("unacknowledged")
    statement = (
        select(incidents.c.category, incidents.c.severity, func.count().label("number"), unacknowledged)
        .where(
            *which,
            incidents.c.drill.is_(None),
            incidents.c.mode == mode.value,
            audience.may_see(),
            *_conditions(counted),
        )
        .group_by(incidents.c.category, incidents.c.severity)
    )
    return [_count(row) for row in connection.execute(statement)]


def _conditions(counted: Counted) -> Iterator[ColumnElement[bool]]:
    for column, values in (
        (incidents.c.category, counted.categories),
        (incidents.c.source, counted.sources),
    ):
        if values:
            yield column.in_(sorted(values))
    yield incidents.c.severity.in_(sorted(severity.value for severity in counted.severities))
    if counted.needs_category:
        yield incidents.c.category.is_not(None)


def _count(row: Row[Any]) -> IncidentCount:
    return IncidentCount(row.category, Severity(row.severity), row.number, int(row.unacknowledged))
