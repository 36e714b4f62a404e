"""Silences, and the incidents that wait for the end of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, func, not_, select, update

from escalator.model.incident import DueKind, State
from escalator.model.levels import Severity
from escalator.model.silence import Silence, SilenceScope
from escalator.store.tables import incidents, silences

_PLAIN = ("id", "name", "starts_at", "ends_at", "author", "is_for_critical")
_UNENDED = select(silences).where(silences.c.ended_at.is_(None)).order_by(silences.c.ends_at)


@dataclass(frozen=True, slots=True)
class StoredSilence:
    """One silence as stored: its reason is encrypted, so that of `silence` is empty. `via` is where it was made."""

    silence: Silence
    via: str
    sealed_reason: bytes | None


def insert(connection: Connection, new: Silence, via: str, sealed_reason: bytes) -> None:
    """Write one."""
    row = {name: getattr(new, name) for name in _PLAIN}
    row |= {"of": new.of.value, "via": via, "sealed_reason": sealed_reason}
    connection.execute(silences.insert(), row)


def unended(connection: Connection, *, locked: bool = False) -> list[StoredSilence]:
    """Return those whose end has not been recorded yet, next end first."""
    return [_stored_silence(row) for row in connection.execute(_UNENDED.with_for_update() if locked else _UNENDED)]


def find(connection: Connection, silence_id: UUID) -> StoredSilence | None:
    """Return one, even an ended one."""
    row = connection.execute(select(silences).where(silences.c.id == silence_id)).one_or_none()
    return None if row is None else _stored_silence(row)


def end(connection: Connection, silence_id: UUID, ends_at: datetime, now: datetime) -> None:
    """Record when it ended, and that this is recorded now."""
    connection.execute(update(silences).where(silences.c.id == silence_id).values(ends_at=ends_at, ended_at=now))


def _stored_silence(row: Row[Any]) -> StoredSilence:
    silence = Silence(of=SilenceScope(row.of), reason="", **{name: getattr(row, name) for name in _PLAIN})
    return StoredSilence(silence, row.via, row.sealed_reason)


def has_waiting(connection: Connection, silences_in_force: Sequence[Silence], now: datetime) -> bool:
    """Whether an incident waits for the end of a silence other than these."""
    return connection.scalar(select(incidents.c.id).where(_waits(silences_in_force, now)).limit(1)) is not None


def resume_waiting(
    connection: Connection, silences_in_force: Sequence[Silence], now: datetime, limit: int
) -> Sequence[UUID]:
    """Resume up to `limit` incidents that wait for the end of a silence other than these; return which.

    They are locked for it; rows that others have locked are left for the next time.
    """
    chosen = (
        select(incidents.c.id)
        .where(_waits(silences_in_force, now))
        .order_by(incidents.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    ids = connection.scalars(chosen).all()
    due = {"due_kind": DueKind.SILENCE_END.value, "due_at": now, "fence": incidents.c.fence + 1, "timer_set_for": now}
    if ids:
        connection.execute(update(incidents).where(incidents.c.id.in_(ids)).values(due))
    return ids


def _waits(silences_in_force: Sequence[Silence], now: datetime) -> ColumnElement[bool]:
    return and_(
        incidents.c.silenced_step.is_not(None),
        incidents.c.silenced_step == incidents.c.step,
        incidents.c.state == State.TRIGGERED.value,
        incidents.c.due_at > now,
        *(not_(_is_about(silence)) for silence in silences_in_force),
    )


def _is_about(silence: Silence) -> ColumnElement[bool]:
    named = incidents.c.category if silence.of is SilenceScope.CATEGORY else incidents.c.route
    is_named = func.coalesce(named, "") == silence.name
    if silence.is_for_critical:
        return is_named
    return and_(is_named, incidents.c.severity != Severity.CRITICAL.value)
