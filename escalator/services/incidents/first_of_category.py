"""Finds the first alert of a category for a while: no flood of others delays it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from escalator.model.incident import Incident, State
from escalator.services.incidents.decision import Decision
from escalator.store.first_alerts import AlertKind, kinds_alerted_since

FOR_A_WHILE = timedelta(minutes=10)


def first_alerts(connection: Connection, decisions: Iterable[Decision], now: datetime) -> frozenset[UUID]:
    """Return the incidents that are now the first alerts of their category from their source for a while.

    One that was an alert of that category before does not count, nor does a drill; of several, the first.
    """
    new: dict[AlertKind, UUID] = {}
    for decision in decisions:
        incident = decision.change.incident
        is_alert = incident.state is State.TRIGGERED and incident.drill is None
        if is_alert and not _was_alert(decision.before, incident.category):
            new.setdefault((incident.source, incident.category), incident.id)
    seen = kinds_alerted_since(connection, new, now - FOR_A_WHILE)
    return frozenset(incident_id for kind, incident_id in new.items() if kind not in seen)


def _was_alert(before: Incident | None, category: str | None) -> bool:
    return before is not None and before.state is not State.LOGGED and before.category == category
