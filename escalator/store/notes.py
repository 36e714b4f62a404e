"""Notes on incidents: encrypted; audit records refer to them by id and remain when a note is emptied."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Row, select

from escalator.store.tables import notes


@dataclass(frozen=True, slots=True)
class Note:
    """One note. `author` is a policy key; `sealed_body` is None once it has been emptied."""

    id: UUID
    incident_id: UUID
    created_at: datetime
    author: str
    sealed_body: bytes | None


_KEPT = tuple(notes.c[name] for name in Note.__dataclass_fields__)


def insert(connection: Connection, new: Note) -> None:
    """Write one."""
    connection.execute(notes.insert(), {name: getattr(new, name) for name in Note.__dataclass_fields__})


def find(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Note]:
    """Return these, by their ids."""
    known_ids = list(ids)
    if not known_ids:
        return {}
    return {row.id: _text(row) for row in connection.execute(select(*_KEPT).where(notes.c.id.in_(known_ids)))}


def _text(row: Row[tuple[object, ...]]) -> Note:
    return Note(**row._mapping)
