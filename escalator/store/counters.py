"""Counters: the totals that `/metrics` shows, the same in every process."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection, select

from escalator.store.tables import counters
from escalator.store.upserts import upsert


def add(connection: Connection, tally: Mapping[tuple[str, tuple[tuple[str, str], ...]], int]) -> None:
    """Add one process's counts to the totals."""
    if not tally:
        return
    statement = upsert(connection, counters)
    statement = statement.on_conflict_do_update(
        index_elements=["name", "labels"], set_={"value": counters.c.value + statement.excluded.value}
    )
    rows = [
        {"name": name, "labels": json.dumps(labels), "value": value} for (name, labels), value in sorted(tally.items())
    ]
    connection.execute(statement, rows)


def totals(connection: Connection) -> list[tuple[str, dict[str, str], int]]:
    """Return every counter as (name, labels, value)."""
    rows = connection.execute(select(counters).order_by(counters.c.name, counters.c.labels))
    return [(row.name, dict(json.loads(row.labels)), row.value) for row in rows]
