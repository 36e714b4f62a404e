"""One incident outside the dashboard: its state, its history, who was notified. Never its content.

It shows at most what the rule `hide` allows; people are the policy's keys (RULES 5).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from escalator.model.audit import Actor
from escalator.model.incident import Incident
from escalator.model.levels import ContentRule
from escalator.model.policy import Policy
from escalator.rendering.redaction import Disclosure, disclose, names_by_key, rule_in_force
from escalator.rendering.timeline import record_words
from escalator.services.auth.incident_access import find_visible_incident
from escalator.services.auth.viewer import Viewer
from escalator.services.core.context import Core
from escalator.store import timeline

MOST = 500
"""At most so many records and notifications, the newest."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One record of an incident and its text in words."""

    at: datetime
    action: str
    actor: Actor
    via: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class IncidentSummary:
    """An incident, what may be shown of its content, and its latest history, oldest first.

    `deliveries` are rows of its notifications.
    """

    incident: Incident
    disclosure: Disclosure
    timeline: Sequence[HistoryEntry]
    deliveries: Sequence[Row[Any]]


def summarize_incident(core: Core, viewer: Viewer, number: int) -> IncidentSummary | None:
    """Return the incident of this number; None if they may see none. Raises Unavailable."""
    now = core.clock.now()
    with core.database.reading() as connection:
        running = core.policies.required(connection)
        incident = find_visible_incident(core, connection, viewer, number, running.policy)
        if incident is None:
            return None
        rule = max(rule_in_force(incident, running.policy), ContentRule.HIDE)
        policy = names_by_key(running.policy)
        return IncidentSummary(
            incident,
            disclose(incident, rule, now),
            [_happened(row, policy) for row in timeline.records_of(connection, incident.id, MOST)],
            timeline.deliveries_of(connection, incident.id, MOST),
        )


def _happened(row: Row[Any], policy: Policy) -> HistoryEntry:
    text = record_words(row.action, row.actor_key, row.reason, json.loads(row.after), policy)
    return HistoryEntry(row.recorded_at, row.action, Actor(row.actor_kind, row.actor_key), row.via, row.reason, text)
