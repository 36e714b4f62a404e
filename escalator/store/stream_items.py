"""What is known of the items of Stream's review queue: the newest state of each, and which were asked for in vain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, or_, select, update

from escalator.model.facts import ItemState
from escalator.model.incident import OPEN_STATES
from escalator.model.levels import Mode
from escalator.store.tables import incident_keys, incidents, stream_items
from escalator.store.upserts import upsert_for

_LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SeenItem:
    """A state of an item that Stream has shown, and when, by our clock."""

    source: str
    state: ItemState
    seen_at: datetime


@cache
def _recording(dialect: str) -> Any:
    """Return the statement that keeps the newer of two states, built once because every event runs it."""
    statement = upsert_for(dialect, stream_items)
    new, old = statement.excluded, stream_items.c
    return statement.on_conflict_do_update(
        index_elements=["source", "item_id"],
        set_={
            **{name: _later(old[name], new[name]) for name in ("updated_at", "reviewed_at")},
            "digest": case(
                (or_(old.updated_at.is_(None), new.updated_at >= old.updated_at), new.digest), else_=old.digest
            ),
            # An older state that comes late says nothing of the present one.
            "confirmed_at": case(
                (or_(old.updated_at.is_(None), new.updated_at >= old.updated_at), new.confirmed_at),
                else_=old.confirmed_at,
            ),
            "misses": 0,
            "check_after": None,
        },
    )


def _later(old: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((or_(old.is_(None), new > old), new), else_=old)


def record_seen(connection: Connection, items: Iterable[SeenItem]) -> None:
    """Keep the newest state of each of these items; one statement for all, in the order of their keys."""
    newest: dict[tuple[str, str], SeenItem] = {}
    for item in items:
        key = (item.source, item.state.item_id)
        if key not in newest or item.state.updated_at > newest[key].state.updated_at:
            newest[key] = item
    rows = [
        {
            "source": item.source,
            "item_id": item.state.item_id,
            "updated_at": item.state.updated_at,
            "reviewed_at": item.state.reviewed_at,
            "digest": item.state.digest,
            "confirmed_at": item.seen_at,
        }
        for _key, item in sorted(newest.items())
    ]
    if rows:
        connection.execute(_recording(connection.dialect.name), rows)


def known_states(connection: Connection, source: str, item_ids: Sequence[str]) -> Mapping[str, ItemState]:
    """Return the newest known state of those of these items of which one is known."""
    if not item_ids:
        return {}
    columns = [stream_items.c[name] for name in ItemState.__dataclass_fields__]
    statement = select(*columns).where(
        stream_items.c.source == source,
        stream_items.c.item_id.in_(item_ids),
        stream_items.c.updated_at.is_not(None),
    )
    return {row.item_id: ItemState(**row._mapping) for row in connection.execute(statement)}


def known_items(connection: Connection, source: str, item_ids: Sequence[str]) -> frozenset[str]:
    """Return which of these items have an incident here."""
    if not item_ids:
        return frozenset()
    statement = select(incident_keys.c.value).where(
        incident_keys.c.source == source, incident_keys.c.kind == "item", incident_keys.c.value.in_(item_ids)
    )
    return frozenset(connection.scalars(statement))


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item of an open incident."""

    item_id: str
    incident_id: UUID


def due_for_check(
    connection: Connection, source: str, confirmed_before: datetime, now: datetime, limit: int
) -> list[OpenItem]:
    """Return items of open incidents that Stream has not shown since then, those asked longest ago first."""
    is_row = and_(stream_items.c.source == incident_keys.c.source, stream_items.c.item_id == incident_keys.c.value)
    statement = (
        select(incident_keys.c.value, incident_keys.c.incident_id)
        .select_from(
            incidents.join(incident_keys, incident_keys.c.incident_id == incidents.c.id).outerjoin(stream_items, is_row)
        )
        .where(
            incidents.c.state.in_(OPEN_STATES),
            incidents.c.mode != Mode.SANDBOX,
            incidents.c.source == source,
            incident_keys.c.source == source,
            incident_keys.c.kind == "item",
            or_(stream_items.c.confirmed_at.is_(None), stream_items.c.confirmed_at < confirmed_before),
            or_(stream_items.c.check_after.is_(None), stream_items.c.check_after <= now),
        )
        .order_by(func.coalesce(stream_items.c.confirmed_at, incidents.c.opened_at), incident_keys.c.value)
        .limit(limit)
    )
    return [OpenItem(row.value, row.incident_id) for row in connection.execute(statement)]


def record_confirmed(connection: Connection, source: str, item_ids: Iterable[str], now: datetime) -> None:
    """Record that Stream has just shown the present state of these items, of which no newer one is known."""
    statement = upsert_for(connection.dialect.name, stream_items)
    statement = statement.on_conflict_do_update(
        index_elements=["source", "item_id"], set_={"confirmed_at": now, "misses": 0, "check_after": None}
    )
    rows = [{"source": source, "item_id": item_id, "confirmed_at": now} for item_id in sorted(item_ids)]
    if rows:
        connection.execute(statement, rows)


def record_lost(connection: Connection, source: str, item_ids: Sequence[str], now: datetime) -> None:
    """Record that the webhooks about the present state of these items never came."""
    if item_ids:
        is_one = and_(stream_items.c.source == source, stream_items.c.item_id.in_(item_ids))
        connection.execute(update(stream_items).where(is_one).values(lost_at=now))


def count_lost(connection: Connection, source: str, since: datetime) -> int:
    """Return how many items were recovered since then because a webhook never came."""
    statement = (
        select(func.count())
        .select_from(stream_items)
        .where(stream_items.c.source == source, stream_items.c.lost_at >= since)
    )
    return connection.scalar(statement) or 0


def record_missing(
    connection: Connection, source: str, item_ids: Iterable[str], now: datetime, wait: timedelta
) -> tuple[str, ...]:
    """Record that these items were in no answer: each is asked for after `wait`, and after twice as long each time.

    Return those that were missed for the first time.
    """
    first: list[str] = []
    statement = upsert_for(connection.dialect.name, stream_items)
    statement = statement.values(
        source=source, item_id=bindparam("item"), misses=1, check_after=now + wait
    ).on_conflict_do_update(index_elements=["source", "item_id"], set_={"misses": stream_items.c.misses + 1})
    for item_id in sorted(item_ids):
        misses = connection.scalar(statement.returning(stream_items.c.misses), {"item": item_id}) or 1
        is_one = and_(stream_items.c.source == source, stream_items.c.item_id == item_id)
        after = now + min(wait * 2 ** min(misses - 1, 16), _LONGEST_WAIT)
        connection.execute(update(stream_items).where(is_one).values(check_after=after))
        if misses == 1:
            first.append(item_id)
    return tuple(first)
