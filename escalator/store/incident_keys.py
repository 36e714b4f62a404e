"""The keys by which an event finds its incident: a review queue item, a reported message or user."""

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
    """Return the incident that each (source, key) belongs to."""
    triples = [(source, key.kind, key.value) for source, key in keys]
    if not triples:
        return {}
    rows = connection.execute(_OWNERS, {"wanted": triples})
    return {(row.source, ItemKey(row.kind, row.value)): row.incident_id for row in rows}


def give_keys(
    connection: Connection, owners: Mapping[tuple[str, ItemKey], UUID], moved: Set[tuple[str, ItemKey]]
) -> None:
    """Assign these keys to these incidents; `moved` are those that belonged to another one before.

    Raises Conflict when a key was assigned otherwise meanwhile: the event must be processed again.
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
    """Move all keys of one incident to another."""
    connection.execute(update(incident_keys).where(incident_keys.c.incident_id == younger).values(incident_id=older))
