"""Bulletins: written with their deliveries, read when sent."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from escalator.model.bulletin import Bulletin, BulletinKind
from escalator.store.tables import bulletins


def insert(connection: Connection, new: Bulletin) -> None:
    """Write a bulletin."""
    row = {"id": new.id, "kind": new.kind, "created_at": new.created_at, "body": json.dumps(dict(new.body))}
    connection.execute(bulletins.insert(), row)


def find(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Bulletin]:
    """Return these bulletins by id."""
    known_ids = list(ids)
    if not known_ids:
        return {}
    rows = connection.execute(select(bulletins).where(bulletins.c.id.in_(known_ids)))
    return {row.id: _bulletin(row) for row in rows}


def _bulletin(row: Row[Any]) -> Bulletin:
    return Bulletin(row.id, BulletinKind(row.kind), row.created_at, json.loads(row.body))
