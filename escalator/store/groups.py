"""Groups and their members: counted, found and locked.

Rows are always locked in one order: single incidents by id, then the lock of a kind, then groups by id. So a
transaction that changes a group waits only for that group, and there are no deadlocks.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, func, or_, select, text, union_all, update

from escalator.encryption import Seal
from escalator.model.incident import CLOSED_STATES, Incident, State
from escalator.store.incidents import from_rows
from escalator.store.tables import incidents

_TURNS = text("SELECT pg_advisory_xact_lock(turn) FROM unnest(CAST(:turns AS bigint[])) AS turn")
_TURN_BYTES = 8
_IS_OVER_WITH_MEMBERS = (incidents.c.member_count > 0, incidents.c.state.in_(CLOSED_STATES))


class NumberRange(NamedTuple):
    """The numbers of the first and the newest incident that are or were in a group."""

    first: int
    newest: int


def lock_kinds(connection: Connection, kinds: Iterable[str]) -> None:
    """Lock these kinds for the rest of the transaction, so that nobody else decides about their alerts.

    So a count of them is complete. On SQLite there is one writer anyway.
    """
    if connection.dialect.name != "sqlite":
        turns = [int.from_bytes(bytes.fromhex(kind)[:_TURN_BYTES], signed=True) for kind in kinds]
        connection.execute(_TURNS, {"turns": sorted(turns)})


def recent_opened_at(connection: Connection, kinds: Iterable[str], most: int) -> Mapping[str, list[datetime]]:
    """Return when the newest incidents of each kind were opened, at most `most`: grouped ones too, no groups."""
    by_key: dict[str, list[datetime]] = defaultdict(list)
    newest = [
        select(incidents.c.grouping_key, incidents.c.opened_at)
        .where(incidents.c.grouping_key == kind, incidents.c.member_count.is_(None))
        .order_by(incidents.c.opened_at.desc())
        .limit(most)
        .subquery()
        for kind in sorted(kinds)
    ]
    for row in connection.execute(union_all(*(select(statement) for statement in newest))):
        by_key[row.grouping_key].append(row.opened_at)
    return by_key


def lock_open_groups(
    connection: Connection, kinds: Iterable[str], left: Iterable[UUID], seal: Seal
) -> Mapping[str, Incident]:
    """Return the open group of each of these kinds, locked; one that was answered meanwhile is left out.

    The groups that are `left` in the same transaction are locked with them, so that all are in one order.
    """
    keys = sorted(kinds)
    takes = and_(incidents.c.grouping_key.in_(keys), incidents.c.member_count.is_not(None))
    statement = (
        select(incidents)
        .where(or_(takes, incidents.c.id.in_(sorted(left))))
        .order_by(incidents.c.id)
        .with_for_update(key_share=True)
    )
    groups = from_rows(connection, connection.execute(statement).all(), seal)
    return {group.grouping_key: group for group in groups.values() if group.grouping_key in keys}


def number_ranges(connection: Connection, ids: Iterable[UUID]) -> Mapping[UUID, NumberRange]:
    """Return the range of member numbers of each of these groups; groups without members are left out."""
    known_ids = list(ids)
    if not known_ids:
        return {}
    number = incidents.c.number
    statement = select(incidents.c.group_id, func.min(number), func.max(number)).group_by(incidents.c.group_id)
    rows = connection.execute(statement.where(incidents.c.group_id.in_(known_ids)))
    return {row[0]: NumberRange(row[1], row[2]) for row in rows}


def find_ended(connection: Connection, most: int) -> list[UUID]:
    """Return groups that have ended while some of their members have not."""
    return list(connection.scalars(select(incidents.c.id).where(*_IS_OVER_WITH_MEMBERS).limit(most)))


def lock_ended(connection: Connection, group_id: UUID, seal: Seal) -> Incident | None:
    """Return such a group, locked, unless it is held elsewhere or no longer qualifies."""
    statement = (
        select(incidents)
        .where(incidents.c.id == group_id, *_IS_OVER_WITH_MEMBERS)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return from_rows(connection, connection.execute(statement).all(), seal).get(group_id)


def lock_members(connection: Connection, group_id: UUID, most: int, seal: Seal) -> list[Incident]:
    """Return up to `most` members of a group, locked; rows that others have locked are skipped."""
    statement = (
        select(incidents)
        .where(incidents.c.group_id == group_id, incidents.c.state == State.GROUPED)
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return list(from_rows(connection, connection.execute(statement).all(), seal).values())


def recount(connection: Connection, group_id: UUID) -> None:
    """Set the member count of an ended group to those still in it; its message does not show that."""
    left = (
        select(func.count())
        .select_from(incidents)
        .where(incidents.c.group_id == group_id, incidents.c.state == State.GROUPED)
    )
    connection.execute(update(incidents).where(incidents.c.id == group_id).values(member_count=connection.scalar(left)))


def count_inconsistent(connection: Connection, now: datetime, patience: timedelta) -> Mapping[str, int]:
    """Count inconsistencies by name: members whose group has ended, and open groups without members."""
    groups = incidents.alias("groups")
    untold = (
        select(func.count())
        .select_from(incidents.join(groups, groups.c.id == incidents.c.group_id))
        .where(
            incidents.c.state == State.GROUPED, groups.c.state.in_(CLOSED_STATES), groups.c.closed_at < now - patience
        )
    )
    empty = (
        select(func.count())
        .select_from(incidents)
        .where(
            incidents.c.member_count == 0, incidents.c.grouping_key.is_not(None), incidents.c.state == State.TRIGGERED
        )
    )
    questions = {"grouped_without_group": untold, "group_without_members": empty}
    return {name: connection.scalar(question) or 0 for name, question in questions.items()}
