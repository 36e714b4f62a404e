"""Finds the first alert of a kind for a while: of one category, from one source."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Exists, literal_column, select

from escalator.store.tables import incidents

AlertKind = tuple[str, str | None]
"""A source, and a category or None."""

_IS_ALERT = incidents.c.state != literal_column("'logged'")
"""Literal values, so that the index of alerts is used, however many incidents are only logged."""


def kinds_alerted_since(connection: Connection, kinds: Collection[AlertKind], since: datetime) -> frozenset[AlertKind]:
    """Return those of these kinds that had an alert since then: one index lookup for each.

    A drill is no alert: a real one after it is still the first.
    """
    if not kinds:
        return frozenset()
    ordered = list(kinds)
    row = connection.execute(select(*(_seen(kind, since) for kind in ordered))).one()
    return frozenset(kind for kind, is_seen in zip(ordered, row, strict=True) if is_seen)


def _seen(kind: AlertKind, since: datetime) -> Exists:
    source, category = kind
    of_kind = (incidents.c.source == source, incidents.c.category == category, incidents.c.opened_at > since)
    return select(incidents.c.id).where(*of_kind, _IS_ALERT, incidents.c.drill.is_(None)).exists()
