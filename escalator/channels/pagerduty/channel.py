"""The PagerDuty channel: an alert for each round of an incident, which follows the incident's state."""

import json

from escalator.channels.contract import Notification, fingerprint_of
from escalator.channels.pagerduty import payload
from escalator.channels.pagerduty.api import ACKNOWLEDGE, RESOLVE, TRIGGER, Event, Events
from escalator.channels.pagerduty.dedup_keys import dedup_key, incident_of, notice_key
from escalator.model.incident import State
from escalator.model.message import FEED_OCCASIONS, Delivered, Failed, FailureReason, MessageContext

_LEFT = "left"
"""The face of an earlier round's alert while the present round has none: it is not changed."""

_FACE_CHARS = 64
_ACTIONS = {
    State.TRIGGERED: TRIGGER,
    State.ACKNOWLEDGED: ACKNOWLEDGE,
    State.SNOOZED: ACKNOWLEDGE,
    State.RESOLVED: RESOLVE,
    State.MERGED: RESOLVE,
    State.LOGGED: RESOLVE,
    State.GROUPED: RESOLVE,
}
_PROBE = notice_key("doctor")


class PagerDutyChannel:
    """Sends events to PagerDuty; the reference is the alert's `dedup_key`, the address a routing key.

    A copy for a feed follows the incident's state and notifies only where that needs an answer. People have no routing
    key: they are reached through a destination.
    """

    def __init__(self, events: Events) -> None:
        self._events = events

    def send(self, notification: Notification, /) -> Delivered | Failed:
        """Open the alert; where it is open already, PagerDuty logs another trigger."""
        return self._send(notification, _action(notification) if notification.occasion in FEED_OCCASIONS else TRIGGER)

    def update(self, notification: Notification, /) -> Delivered | Failed:
        """Update the alert to the incident's state and, while it waits for an answer, to its newest texts."""
        if not notification.ref:
            return Failed(FailureReason.BAD_TARGET, "no_reference")
        action = _action(notification)
        return Delivered(notification.ref) if action == _LEFT else self._send(notification, action)

    def face(self, notification: Notification, /) -> str:
        """Return the event action, and while the incident waits for an answer a digest of what PagerDuty shows."""
        action = _action(notification)
        if action != TRIGGER:
            return action
        shown = json.dumps(payload.without_times(payload.trigger(notification, _key(notification))), sort_keys=True)
        return f"{TRIGGER}:{fingerprint_of(shown)}"[:_FACE_CHARS]

    def probe(self, context: MessageContext, routing_key: str) -> Delivered | Failed:
        """Check a routing key without notifying anybody: PagerDuty drops the resolution of an unknown alert."""
        return self._events.send(context, routing_key, _follow_up(RESOLVE, _PROBE))

    def _send(self, notification: Notification, action: str) -> Delivered | Failed:
        if notification.context.person:
            return Failed(FailureReason.NOT_SUPPORTED, "person")
        key = _key(notification)
        event = payload.trigger(notification, key) if action == TRIGGER else _follow_up(action, key)
        return self._events.send(notification.context, notification.address, event)


def _follow_up(action: str, key: str) -> Event:
    return {"event_action": action, "dedup_key": key}


def _key(notification: Notification) -> str:
    """Return the key of the alert: an existing one keeps its own, also when it is an earlier round's."""
    if notification.ref:
        return notification.ref
    return (
        dedup_key(notification.standing, notification.place) if notification.standing else notice_key(notification.key)
    )


def _action(notification: Notification) -> str:
    """Return the event action that brings the alert to the incident's state.

    Until somebody is notified in the present round, an earlier round's alert is not changed: it may have been resolved
    (the incident was reopened), and then a trigger would notify too early.
    """
    status = notification.standing
    if status is None:
        return TRIGGER
    if status.is_superseded:
        return RESOLVE
    action = _ACTIONS[status.state]
    known = incident_of(notification.ref or "")
    is_earlier = known is not None and known[1] < status.round
    return _LEFT if is_earlier and action == TRIGGER else action
