"""A preview as JSON (RULES 6), and a sentence for why nobody is notified."""

from datetime import datetime
from typing import Any

from escalator.engine.incident_change import NotificationRequest
from escalator.engine.preview import PlannedSend, Preview
from escalator.model.facts import Observation
from escalator.model.incident import State
from escalator.rendering.iso_timestamps import stamp


def document(preview: Preview | None, now: datetime) -> dict[str, Any]:
    """Return the JSON object of RULES 6; for an event that opens nothing, the same keys with empty values."""
    incident = preview.incident if preview else None
    if preview is None or incident is None:
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
        "plan": [_send_document(send, now) for send in preview.plan],
        "feeds": list(preview.feeds),
    }


def _send_document(send: PlannedSend, now: datetime) -> dict[str, Any]:
    return {
        "offset_s": int((send.at - now).total_seconds()),
        "at": stamp(send.at),
        "step": send.step,
        "repeat": send.repeat,
        "notify": [_notice_document(notice) for notice in send.notices],
    }


def _notice_document(notice: NotificationRequest) -> dict[str, str | None]:
    recipient = notice.recipient
    return {"target": recipient.target, "kind": recipient.kind.value, "person": recipient.person}


def why_nobody(preview: Preview | None, observation: Observation | None) -> str | None:
    """Return why nobody is notified, or None when somebody is."""
    if observation is None:
        return "This type of event is not handled: only its type, id, time and hash are stored."
    if preview is None or preview.incident is None:
        return f"{observation.event_type} does not open an incident: it is only added to an open one."
    if preview.incident.state is State.LOGGED:
        return f"The path {preview.incident.path} has no steps: the incident is only logged, and nobody is notified."
    if not preview.plan and preview.incident.state is State.TRIGGERED:
        return f"Every step of the path {preview.incident.path} reaches nobody, and `alarms` reaches nobody either."
    if not preview.plan:
        state = preview.incident.state
        return f"This is a review of an item without an incident: it opens as {state}, and nobody is notified."
    return None
