"""Searches the audit log by person, subject, action and time, limited to what the viewer may see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, literal, select, text, tuple_

from escalator.store.tables import audit_chain, audit_records, incidents
from escalator.store.visibility import Audience

PAGE = 50
Position = tuple[datetime, UUID]
"""A record's place in the order: when it was written, and its id."""

_NEAR = 20_000
_ORDER = tuple_(audit_records.c.recorded_at, audit_records.c.id)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Search conditions; None or empty means no condition. `since` is inclusive, `until` exclusive."""

    actor: str | None = None
    number: int | None = None
    category: str | None = None
    actions: tuple[str, ...] = ()
    via: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def page_before(
    connection: Connection, audience: Audience, search: AuditQuery, place: Position | None = None, limit: int = PAGE
) -> list[Row[Any]]:
    """Return the records found before this place, newest first.

    Each row is a record with its incident's `number` and `category`, and `seq`, `prev_hash` and `hash` from the hash
    chain; these are None where there are none.
    """
    return _read_page(connection, audience, search, place, limit, newest_first=True)


def page_after(
    connection: Connection, audience: Audience, search: AuditQuery, place: Position | None = None, limit: int = PAGE
) -> list[Row[Any]]:
    """Return the records found after this place, oldest first; rows as in `page_before`."""
    return _read_page(connection, audience, search, place, limit, newest_first=False)


def position_of(row: Row[Any]) -> Position:
    """Return a row's position, for the page before or after it."""
    return row.recorded_at, row.id


def _read_page(  # noqa: PLR0913  # which of them, from where, how many, which way
    connection: Connection,
    audience: Audience,
    search: AuditQuery,
    place: Position | None,
    limit: int,
    *,
    newest_first: bool,
) -> list[Row[Any]]:
    """Return one page of results.

    Each searchable column of `audit_records` has an index together with the time, except `via` and the columns of the
    incident. For those, only the records nearest in time are searched first; if too few of them match, all matches are
    found and sorted. So neither a frequent category nor one last seen a year ago causes a scan of a million records.
    """
    _plan_anew(connection)
    conditions = [*_conditions(search, audience), *_beyond(place, newest_first=newest_first)]
    if search.category is not None or search.via is not None:
        edge = _edge(connection, search, place, newest_first=newest_first)
        if edge is not None:
            is_near = audit_records.c.recorded_at >= edge if newest_first else audit_records.c.recorded_at <= edge
            rows = _page(connection, _ids(*conditions, is_near), limit, newest_first=newest_first)
            if len(rows) == limit:
                return rows
            gathered = _ids(*conditions).cte("gathered").prefix_with("MATERIALIZED", dialect="postgresql")
            return _page(connection, select(gathered.c.id, gathered.c.recorded_at), limit, newest_first=newest_first)
    return _page(connection, _ids(*conditions), limit, newest_first=newest_first)


def _ids(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(audit_records.c.id, audit_records.c.recorded_at).where(*conditions)


def _edge(connection: Connection, search: AuditQuery, place: Position | None, *, newest_first: bool) -> datetime | None:
    """Return when the last of the records nearest to the page's start was written; None if there are no more."""
    within = [*_times(search), *_beyond(place, newest_first=newest_first)]
    order = audit_records.c.recorded_at.desc() if newest_first else audit_records.c.recorded_at
    edge: datetime | None = connection.scalar(
        select(audit_records.c.recorded_at).where(*within).order_by(order).offset(_NEAR).limit(1)
    )
    return edge


def _page(connection: Connection, ids: Select[Any], limit: int, *, newest_first: bool) -> list[Row[Any]]:
    """Return the first matching records with their joined columns: only these are joined, not all searched rows."""
    id_, at = ids.selected_columns
    page = ids.order_by(*((at.desc(), id_.desc()) if newest_first else (at, id_))).limit(limit).subquery()
    order = (page.c.recorded_at.desc(), page.c.id.desc()) if newest_first else (page.c.recorded_at, page.c.id)
    statement = (
        select(
            audit_records,
            incidents.c.number,
            incidents.c.category,
            audit_chain.c.seq,
            audit_chain.c.prev_hash,
            audit_chain.c.hash,
        )
        .join(page, page.c.id == audit_records.c.id)
        .outerjoin(incidents, incidents.c.id == audit_records.c.incident_id)
        .outerjoin(audit_chain, audit_chain.c.record_id == audit_records.c.id)
        .order_by(*order)
    )
    return list(connection.execute(statement))


def _conditions(search: AuditQuery, audience: Audience) -> Iterator[ColumnElement[bool]]:
    """Yield a record's conditions; whether it may be seen is checked once, on its incident."""
    yield from _times(search)
    if search.category is None:
        yield audience.may_see_records()
    else:
        of_it = select(incidents.c.id).where(incidents.c.category == search.category, audience.may_see())
        yield audit_records.c.incident_id.in_(of_it)
    if search.actor is not None:
        yield audit_records.c.actor_key == search.actor
    if search.number is not None:
        numbered = select(incidents.c.id).where(incidents.c.number == search.number)
        yield audit_records.c.incident_id == numbered.scalar_subquery()
    if search.actions:
        yield audit_records.c.action.in_(search.actions)
    if search.via is not None:
        yield audit_records.c.via == search.via


def _times(search: AuditQuery) -> Iterator[ColumnElement[bool]]:
    if search.since is not None:
        yield audit_records.c.recorded_at >= search.since
    if search.until is not None:
        yield audit_records.c.recorded_at < search.until


def _beyond(place: Position | None, *, newest_first: bool) -> Iterator[ColumnElement[bool]]:
    if place is not None:
        at, record_id = place
        there = tuple_(literal(at, audit_records.c.recorded_at.type), literal(record_id, audit_records.c.id.type))
        yield there > _ORDER if newest_first else there < _ORDER


def _plan_anew(connection: Connection) -> None:
    """Let PostgreSQL plan for these values: a plan for any category is a bad one for a rare category."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
