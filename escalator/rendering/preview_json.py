"""A preview for machines and in a sentence: the JSON object of RULES 6, and why nobody is told."""

from datetime import datetime
from typing import Any

from escalator.engine.incident_change import NotificationRequest
from escalator.engine.preview import PlannedSend, Preview
from escalator.model.facts import Observation
from escalator.model.incident import State
from escalator.rendering.timestamps import stamp


def document(found: Preview | None, now: datetime) -> dict[str, Any]:
    """Return the JSON object of RULES 6; for an event that opens nothing, the same keys with nothing in them."""
    incident = found.incident if found else None
    if found is None or incident is None:
        keys = ("category", "severity", "severity_reason", "content", "route", "default", "assign", "acknowledgements")
        return {**dict.fromkeys(keys), "plan": [], "feeds": []}
    return {
        "category": incident.category,
        "severity": incident.severity.value,
        "severity_reason": incident.severity_reason,
        "content": incident.content_rule.value,
        "route": incident.route,
        "default": incident.route is None,
        "assign": incident.assign,
        "acknowledgements": incident.acks_needed,
        "plan": [_sent(one, now) for one in found.plan],
        "feeds": list(found.feeds),
    }


def _sent(one: PlannedSend, now: datetime) -> dict[str, Any]:
    return {
        "offset_s": int((one.at - now).total_seconds()),
        "at": stamp(one.at),
        "step": one.step,
        "repeat": one.repeat,
        "notify": [_told(notice) for notice in one.told],
    }


def _told(notice: NotificationRequest) -> dict[str, str | None]:
    recipient = notice.recipient
    return {"target": recipient.target, "kind": recipient.kind.value, "person": recipient.person}


def why_nobody(found: Preview | None, observation: Observation | None) -> str | None:
    """Return why nobody is told, or None when somebody is."""
    if observation is None:
        return "This type of event is not handled: only its type, id, time and hash are stored."
    if found is None or found.incident is None:
        return f"{observation.event_type} does not open an incident: it is only added to an open one."
    if found.incident.state is State.LOGGED:
        return f"The path {found.incident.path} has no steps: the incident is only logged, and nobody is notified."
    if not found.plan and found.incident.state is State.TRIGGERED:
        return f"Every step of the path {found.incident.path} reaches nobody, and `alarms` reaches nobody either."
    if not found.plan:
        state = found.incident.state
        return f"This is a review of an item without an incident: it opens as {state}, and nobody is notified."
    return None
