"""Type, id and body of a webhook. The same message has the same id at every retry."""

import json
from datetime import UTC, datetime

from escalator.channels.contract import Notification, fingerprint_of
from escalator.channels.webhook import limits
from escalator.model.incident import State
from escalator.model.message import Card, IncidentStatus, Occasion
from escalator.rendering.truncate import cut

OPENED, ESCALATED, REOPENED = "incident.opened", "incident.escalated", "incident.reopened"
ACKNOWLEDGED, RESOLVED = "incident.acknowledged", "incident.resolved"
ALARM, TEST, LIST = "escalator.alarm", "escalator.test", "escalator.list"
TYPES = (OPENED, ESCALATED, ACKNOWLEDGED, RESOLVED, REOPENED, ALARM, TEST, LIST)

_COPIES = {
    Occasion.OPENED: OPENED,
    Occasion.ESCALATED: ESCALATED,
    Occasion.ACKNOWLEDGED: ACKNOWLEDGED,
    Occasion.RESOLVED: RESOLVED,
    Occasion.REOPENED: REOPENED,
}
_OF_NO_INCIDENT = {Occasion.TEST: TEST, Occasion.BUNDLE: LIST}
_STATES = {
    State.TRIGGERED: REOPENED,
    State.LOGGED: REOPENED,
    State.GROUPED: REOPENED,
    State.ACKNOWLEDGED: ACKNOWLEDGED,
    State.SNOOZED: ACKNOWLEDGED,
    State.RESOLVED: RESOLVED,
    State.MERGED: RESOLVED,
}
"""The type for a changed state. A state of waiting is only sent after the incident was held or closed."""


def send_type(notification: Notification) -> str:
    """Return the type of an event that is sent: a copy's occasion; a page is the first of its incident or an
    escalation.
    """
    if notification.occasion in _OF_NO_INCIDENT:
        return _OF_NO_INCIDENT[notification.occasion]
    if notification.standing is None:
        return ALARM
    if notification.occasion in _COPIES:
        return _COPIES[notification.occasion]
    return OPENED if notification.occasion is Occasion.STEP and notification.standing.is_first else ESCALATED


def update_type(status: IncidentStatus) -> str:
    """Return the type of an update: the incident's state."""
    return _STATES[status.state]


def send_id(notification: Notification) -> str:
    """Return the id of an event that is sent."""
    return "msg_" + notification.key.replace("-", "")


def update_id(notification: Notification, status: IncidentStatus) -> str:
    """Return the id of an update: one for each change of the state."""
    return "msg_" + fingerprint_of(notification.place, str(status.round), face(notification))[:32]


def face(notification: Notification) -> str:
    """Return a digest of the incident's state, by whom and since when; for a waiting incident only that it waits."""
    status = notification.standing
    if status is None:
        return fingerprint_of(notification.card.text)
    type_ = update_type(status)
    if type_ == REOPENED:
        return fingerprint_of(type_)
    return fingerprint_of(type_, status.state.value if type_ == RESOLVED else "", status.by or "", _iso(status.since))


def body(type_: str, at: datetime, notification: Notification) -> bytes:
    """Return the body; equal ones are equal bytes."""
    data = _words(notification.card) if notification.standing is None else notification.standing.data
    message = {"type": type_, "timestamp": _iso(at), "data": data}
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def _words(card: Card) -> dict[str, object]:
    """Return the `data` of a message without an incident: our own sentences."""
    lines = ("".join(part for part in line if isinstance(part, str)) for line in card.lines[: limits.LINES])
    return {
        "text": _short(card.text),
        "details": [_short(line) for line in lines],
    }


def _short(text: str) -> str:
    return cut(cut(text, limits.TEXT), limits.TEXT_BYTES, _json_bytes)


def _json_bytes(char: str) -> int:
    return len(json.dumps(char, ensure_ascii=False).encode(errors="replace")) - 2


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
