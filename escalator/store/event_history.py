"""Past incidents and the events of each, for backtests and other replays."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, literal, select, tuple_

from escalator.store.events import EventState
from escalator.store.tables import events, incidents

_PAGE = 500
_CHUNK = 50


@dataclass(frozen=True, slots=True)
class PastIncident:
    """One past incident: `ids` are its own and those of the incidents merged into it."""

    ids: tuple[UUID, ...]
    number: int
    source: str
    closed_at: datetime | None
    is_drill: bool


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One stored event; `sealed_body` is None once purged."""

    received_at: datetime
    sealed_body: bytes | None


def incidents_since(connection: Connection, since: datetime) -> Iterator[PastIncident]:
    """Yield the incidents opened since then, by number, each together with those merged into it."""
    merged = _merged(connection, since)
    number = 0
    while True:
        statement = (
            select(incidents)
            .where(incidents.c.opened_at >= since, incidents.c.number > number, incidents.c.merged_into.is_(None))
            .order_by(incidents.c.number)
            .limit(_PAGE)
        )
        page = connection.execute(statement).all()
        for row in page:
            ids = (row.id, *merged.get(row.id, ()))
            yield PastIncident(ids, row.number, row.source, row.closed_at, row.drill is not None)
        if len(page) < _PAGE:
            return
        number = page[-1].number


def _merged(connection: Connection, since: datetime) -> dict[UUID, list[UUID]]:
    """Return what was merged, also indirectly, into each incident that was not merged itself."""
    rows = connection.execute(
        select(incidents.c.id, incidents.c.merged_into).where(
            incidents.c.merged_into.is_not(None), incidents.c.opened_at >= since
        )
    )
    into = {row.id: row.merged_into for row in rows}
    by_target: dict[UUID, list[UUID]] = {}
    for incident_id in into:
        last = incident_id
        while last in into:
            last = into[last]
        by_target.setdefault(last, []).append(incident_id)
    return by_target


def events_of(connection: Connection, ids: Iterable[UUID]) -> Iterator[ReceivedEvent]:
    """Yield the events of these incidents, oldest first, read in small batches."""
    statement = (
        select(events.c.id, events.c.received_at, events.c.sealed_body)
        .where(events.c.incident_id.in_(list(ids)))
        .order_by(events.c.received_at, events.c.id)
        .limit(_CHUNK)
    )
    rows = connection.execute(statement).all()
    while rows:
        for row in rows:
            yield ReceivedEvent(row.received_at, row.sealed_body)
        last = tuple_(literal(rows[-1].received_at, events.c.received_at.type), literal(rows[-1].id, events.c.id.type))
        rows = connection.execute(statement.where(tuple_(events.c.received_at, events.c.id) > last)).all()


def count_without_incident(connection: Connection, since: datetime) -> dict[EventState, int]:
    """Return how many events since then belong to no incident, by their state."""
    statement = (
        select(events.c.state, func.count().label("many"))
        .where(events.c.received_at >= since, events.c.incident_id.is_(None))
        .group_by(events.c.state)
    )
    return {EventState(row.state): row.many for row in connection.execute(statement)}
