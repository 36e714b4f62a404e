"""Searching the audit trail: records by who, about what, what and when, as far as somebody may see them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, Tuple, literal, select, text, tuple_

from escalator.store.audience import Audience
from escalator.store.tables import incidents, records, seals

PAGE = 50
Place = tuple[datetime, UUID]
"""Where a record stands among all: when it was written, and its id."""

_ORDER = tuple_(records.c.at, records.c.id)


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for; what is None, or empty, is not asked. `since` is still within, `until` is not any more."""

    actor: str | None = None
    number: int | None = None
    category: str | None = None
    actions: tuple[str, ...] = ()
    via: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def before(
    connection: Connection, audience: Audience, search: Search, place: Place | None = None, limit: int = PAGE
) -> list[Row[Any]]:
    """Return what is found, the newest first, from this place into the past.

    Each row is a record with `number` and `category` of its incident and `seq`, `prev_hash` and `hash` of its seal;
    they are None where there is none.
    """
    _plan_anew(connection)
    found = _found(audience, search).order_by(records.c.at.desc(), records.c.id.desc()).limit(limit)
    page = (found if place is None else found.where(_at(place) > _ORDER)).subquery()
    return list(connection.execute(_whole(page).order_by(page.c.at.desc(), page.c.id.desc())))


def after(
    connection: Connection, audience: Audience, search: Search, place: Place | None = None, limit: int = PAGE
) -> list[Row[Any]]:
    """Return what is found, the oldest first, from this place towards now; rows as of `before`."""
    _plan_anew(connection)
    found = _found(audience, search).order_by(records.c.at, records.c.id).limit(limit)
    page = (found if place is None else found.where(_at(place) < _ORDER)).subquery()
    return list(connection.execute(_whole(page).order_by(page.c.at, page.c.id)))


def place_of(row: Row[Any]) -> Place:
    """Return where a row stands, for what comes before or after it."""
    return row.at, row.id


def _found(audience: Audience, search: Search) -> Select[Any]:
    return select(records).where(*_conditions(search), audience.may_see_records())


def _conditions(search: Search) -> Iterator[ColumnElement[bool]]:
    if search.actor is not None:
        yield records.c.actor_key == search.actor
    if search.number is not None:
        numbered = select(incidents.c.id).where(incidents.c.number == search.number)
        yield records.c.incident_id == numbered.scalar_subquery()
    if search.category is not None:
        yield records.c.incident_id.in_(select(incidents.c.id).where(incidents.c.category == search.category))
    if search.actions:
        yield records.c.action.in_(search.actions)
    if search.via is not None:
        yield records.c.via == search.via
    if search.since is not None:
        yield records.c.at >= search.since
    if search.until is not None:
        yield records.c.at < search.until


def _at(place: Place) -> Tuple:
    at, record_id = place
    return tuple_(literal(at, records.c.at.type), literal(record_id, records.c.id.type))


def _whole(page: Subquery) -> Select[Any]:
    """Return the few that were found with what belongs to them: joined afterwards, not to all that are looked at."""
    return (
        select(page, incidents.c.number, incidents.c.category, seals.c.seq, seals.c.prev_hash, seals.c.hash)
        .outerjoin(incidents, incidents.c.id == page.c.incident_id)
        .outerjoin(seals, seals.c.record_id == page.c.id)
    )


def _plan_anew(connection: Connection) -> None:
    """Let PostgreSQL plan for what is asked for now: a plan for any category is a bad one for a rare category."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
