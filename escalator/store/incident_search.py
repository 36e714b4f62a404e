"""Searches incidents: for lists, among those that the viewer may see; and for commands, by id.

A list never decrypts an incident: it gets an outline, with neither facts nor content.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, case, func, or_, select

from escalator.model.incident import Incident, State
from escalator.model.levels import Mode, Severity
from escalator.store.incidents import MOST_NUMBER, OUTLINE, from_outline_rows
from escalator.store.tables import incidents
from escalator.store.visibility import Audience

LATE_AFTER = timedelta(seconds=1)
"""How long after its deadline an incident counts as late: firing takes a moment."""

_GRAVITIES = {severity.value: severity.gravity for severity in Severity}


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What somebody typed, in each of its possible meanings: any is a hit. `route` is a part of a route's name."""

    number: int | None = None
    route: str = ""
    categories: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Search conditions: all must hold, and what is empty or None excludes nothing.

    Categories, `assign` (a team, person or schedule) and `owner` (a person or team) are keys of the policy. `since` is
    inclusive, `until` exclusive; both are about the opening.
    """

    states: frozenset[State] = frozenset()
    severities: frozenset[Severity] = frozenset()
    modes: frozenset[Mode] = frozenset()
    category: str | None = None
    assign: str | None = None
    owner: str | None = None
    source: str | None = None
    is_drill: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    sought: SearchTerms | None = None


def by_urgency(
    connection: Connection, audience: Audience, filter_: IncidentFilter, now: datetime, *, limit: int, offset: int = 0
) -> list[Incident]:
    """Return outlines of incidents: those with a late deadline first, then by severity, then by the next deadline."""
    late = case((incidents.c.due_at < now - LATE_AFTER, 0), else_=1)
    gravest = case(_GRAVITIES, value=incidents.c.severity).desc()
    nearest = incidents.c.due_at.asc().nulls_last()
    statement = _seen(audience, filter_).order_by(late, gravest, nearest, incidents.c.number)
    return from_outline_rows(connection, connection.execute(statement.limit(limit).offset(offset)).all())


def by_number(  # noqa: PLR0913  # what is asked for, and which page of it
    connection: Connection,
    audience: Audience,
    filter_: IncidentFilter,
    *,
    limit: int,
    before: int | None = None,
    after: int | None = None,
) -> list[Incident]:
    """Return outlines of incidents, newest first: those next below the number `before`, or next above `after`."""
    number = incidents.c.number
    statement = _seen(audience, filter_).limit(limit)
    if after is not None:
        rows = connection.execute(statement.where(number > after).order_by(number)).all()
        return from_outline_rows(connection, rows[::-1])
    if before is not None:
        statement = statement.where(number < before)
    return from_outline_rows(connection, connection.execute(statement.order_by(number.desc())).all())


def count_by_severity(connection: Connection, audience: Audience, filter_: IncidentFilter) -> Mapping[Severity, int]:
    """Return how many incidents there are of each severity present, most severe first."""
    statement = (
        select(incidents.c.severity, func.count())
        .where(audience.may_see(), *_conditions(filter_))
        .group_by(incidents.c.severity)
    )
    counts = {Severity(severity): count for severity, count in connection.execute(statement)}
    return {severity: counts[severity] for severity in sorted(counts, reverse=True)}


def _seen(audience: Audience, filter_: IncidentFilter) -> Select[tuple[object, ...]]:
    return select(*OUTLINE).where(audience.may_see(), *_conditions(filter_))


def _conditions(filter_: IncidentFilter) -> Iterator[ColumnElement[bool]]:
    for column, values in (
        (incidents.c.state, filter_.states),
        (incidents.c.severity, filter_.severities),
        (incidents.c.mode, filter_.modes),
    ):
        if values:
            yield column.in_(sorted(value.value for value in values))
    for column, value in (
        (incidents.c.category, filter_.category),
        (incidents.c.assign, filter_.assign),
        (incidents.c.owner, filter_.owner),
        (incidents.c.source, filter_.source),
    ):
        if value is not None:
            yield column == value
    if filter_.is_drill is not None:
        yield incidents.c.drill.is_not(None) if filter_.is_drill else incidents.c.drill.is_(None)
    yield from _opened(filter_.since, filter_.until)
    if filter_.sought is not None:
        yield _is_sought(filter_.sought)


def _opened(since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    if since is not None:
        yield incidents.c.opened_at >= since
    if until is not None:
        yield incidents.c.opened_at < until


def _is_sought(sought: SearchTerms) -> ColumnElement[bool]:
    """Return whether a row is a hit; terms with no possible meaning find nothing."""
    hits: list[ColumnElement[bool]] = [
        incidents.c.category.in_(sorted(sought.categories)),
        incidents.c.owner.in_(sorted(sought.owners)),
    ]
    if sought.number is not None and sought.number <= MOST_NUMBER:
        hits.append(incidents.c.number == sought.number)
    if sought.route:
        hits.append(incidents.c.route.icontains(sought.route, autoescape=True))
    return or_(*hits)


def newest_ids(connection: Connection, states: Collection[State], limit: int) -> list[UUID]:
    """Return the newest incidents in any of these states (all states if none is named), newest first."""
    statement = select(incidents.c.id).order_by(incidents.c.number.desc()).limit(limit)
    if states:
        statement = statement.where(incidents.c.state.in_([state.value for state in states]))
    return list(connection.scalars(statement))


def ids_assigned_to(connection: Connection, team: str, states: Collection[State], limit: int) -> list[UUID]:
    """Return a team's incidents in these states, without drills, most severe and oldest first."""
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
