"""By which keys an event finds its incident: a review queue item, a reported message or user."""

from collections.abc import Iterable, Mapping, Set
from uuid import UUID

from sqlalchemy import (
    Connection,
    bindparam,
    select,
    tuple_,
    update,
)

from escalator.model.facts import ItemKey
from escalator.store.tables import incident_keys

_KEY = (incident_keys.c.source, incident_keys.c.kind, incident_keys.c.value)
_OWNERS = select(*_KEY, incident_keys.c.incident_id).where(tuple_(*_KEY).in_(bindparam("wanted", expanding=True)))


def owners_of(connection: Connection, keys: Iterable[tuple[str, ItemKey]]) -> dict[tuple[str, ItemKey], UUID]:
    """Return which incident each (source, key) belongs to."""
    triples = [(source, key.kind, key.value) for source, key in keys]
    if not triples:
        return {}
    rows = connection.execute(_OWNERS, {"wanted": triples})
    return {(row.source, ItemKey(row.kind, row.value)): row.incident_id for row in rows}


def give_keys(
    connection: Connection, owners: Mapping[tuple[str, ItemKey], UUID], moved: Set[tuple[str, ItemKey]]
) -> None:
    """Let these keys belong to these incidents; `moved` are those that belonged to another one before.

    A key that somebody else has given away meanwhile is a Conflict: the event must be looked at again.
    """
    ordered = sorted(owners.items(), key=lambda item: (item[0][0], item[0][1].kind, item[0][1].value))
    new = [
        {"source": source, "kind": key.kind, "value": key.value, "incident_id": owner}
        for (source, key), owner in ordered
        if (source, key) not in moved
    ]
    if new:
        connection.execute(incident_keys.insert(), new)
    for (source, key), owner in ordered:
        if (source, key) in moved:
            mine = (
                incident_keys.c.source == source,
                incident_keys.c.kind == key.kind,
                incident_keys.c.value == key.value,
            )
            connection.execute(update(incident_keys).where(*mine).values(incident_id=owner))


def move_keys(connection: Connection, younger: UUID, older: UUID) -> None:
    """Let everything that belonged to one incident belong to another."""
    connection.execute(update(incident_keys).where(incident_keys.c.incident_id == younger).values(incident_id=older))
