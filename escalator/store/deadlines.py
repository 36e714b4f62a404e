"""Deadlines of incidents: which are due, which have a timer (are armed), and which failed to fire."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    func,
    or_,
    select,
    update,
)

from escalator.encryption import Seal
from escalator.model.incident import Incident
from escalator.store.incidents import from_rows
from escalator.store.tables import incidents


def lock_due(  # noqa: PLR0913  # what is due, for whom, and how much of it
    connection: Connection,
    now: datetime,
    due_before: datetime,
    limit: int,
    seal: Seal,
    claimed_ids: list[UUID],
    only: UUID | None = None,
) -> dict[UUID, Incident]:
    """Return incidents whose deadline is not after `due_before`, oldest first, locked; locked rows are skipped.

    One whose firing failed waits for its retry, so that others go first. `only` asks for one alone. `claimed_ids`
    gets the ids before anything is decrypted, so that an unreadable incident can be named.
    """
    may_try = or_(incidents.c.next_attempt_at.is_(None), incidents.c.next_attempt_at <= now)
    statement = (
        select(incidents)
        .where(incidents.c.due_at <= due_before, may_try if only is None else incidents.c.id == only)
        .order_by(incidents.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=incidents, key_share=True)
    )
    rows = connection.execute(statement).all()
    claimed_ids += [row.id for row in rows]
    return from_rows(connection, rows, seal)


def first_due(connection: Connection, now: datetime) -> datetime | None:
    """Return the next deadline that is not due yet."""
    due_at: datetime | None = connection.scalar(select(func.min(incidents.c.due_at)).where(incidents.c.due_at > now))
    return due_at


def first_unarmed(connection: Connection, now: datetime, horizon: timedelta) -> datetime | None:
    """Return the next deadline within the horizon that has no timer yet."""
    due_at: datetime | None = connection.scalar(select(func.min(incidents.c.due_at)).where(_is_unarmed(now, horizon)))
    return due_at


def _is_unarmed(now: datetime, horizon: timedelta) -> ColumnElement[bool]:
    coming = and_(incidents.c.due_at > now, incidents.c.due_at <= now + horizon)
    return and_(coming, or_(incidents.c.timer_set_for.is_(None), incidents.c.timer_set_for < incidents.c.due_at))


def record_failure(connection: Connection, incident_id: UUID, next_at: datetime) -> int:
    """Record that firing a deadline failed and when to retry; return how often it has failed."""
    statement = (
        update(incidents)
        .where(incidents.c.id == incident_id)
        .values(attempts=incidents.c.attempts + 1, next_attempt_at=next_at)
        .returning(incidents.c.attempts)
    )
    return connection.scalar(statement) or 0


def with_failures(connection: Connection, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Return those of these incidents whose deadline keeps failing."""
    failing = select(incidents.c.id).where(incidents.c.id.in_(ids), incidents.c.attempts > 0)
    return frozenset(connection.scalars(failing)) if ids else frozenset()


def lock_to_arm(connection: Connection, now: datetime, horizon: timedelta) -> list[tuple[UUID, datetime]]:
    """Return the deadlines within the horizon that have no timer yet, and record that they have one now."""
    chosen = (
        select(incidents.c.id)
        .where(_is_unarmed(now, horizon))
        .order_by(incidents.c.due_at)
        .limit(1000)
        .with_for_update(skip_locked=True, key_share=True)
    )
    ids = list(connection.scalars(chosen))
    if not ids:
        return []
    statement = (
        update(incidents)
        .where(incidents.c.id.in_(ids))
        .values(timer_set_for=incidents.c.due_at)
        .returning(incidents.c.id, incidents.c.due_at)
    )
    return [(row.id, row.due_at) for row in connection.execute(statement)]
