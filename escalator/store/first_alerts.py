"""Which alerts are the first of their kind for a while: of one category, from one source."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Exists, literal_column, select

from escalator.store.tables import incidents

AlertKind = tuple[str, str | None]
"""A source, and a category or none."""

_IS_ALERT = incidents.c.state != literal_column("'logged'")
"""Written out, so that the index of alerts alone answers however many incidents are merely logged."""


def kinds_alerted_since(connection: Connection, kinds: Collection[AlertKind], since: datetime) -> frozenset[AlertKind]:
    """Return those of these kinds of which there has been an alert since then: one look at the index for each.

    A drill is no alert: it keeps no real one from being the first.
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
