"""The simulated PagerDuty of the sandbox, and people's actions in it.

The form of a webhook: developer.pagerduty.com, "Webhooks overview". Incidents opened by events have an
`incident_key` only sometimes; here always, because there is no REST API to ask.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from escalator.channels.clients import Clients
from escalator.channels.contract import fingerprint_of
from escalator.channels.pagerduty import webhooks
from escalator.channels.pagerduty.api import ACKNOWLEDGE, RESOLVE, TRIGGER, Event
from escalator.channels.pagerduty.channel import PagerDutyChannel
from escalator.channels.stand_in import Deed, Done, Inbox, Json, Refused, SandboxDestination, SandboxVendor, Shown
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, MessageContext
from escalator.model.policy import Person
from escalator.model.sandbox_item import InboxItem
from escalator.rendering.iso_timestamps import exact
from escalator.settings import Settings

_TRIGGERED = "triggered"
_ACKNOWLEDGED = "acknowledged"
_RESOLVED = "resolved"
_TS_CHARS = 32
_SITE = "https://sandbox.pagerduty.com"
_STRANGER = "PSANDBOX"
_ID_CHARS = 13
_LOW = frozenset({"warning", "info"})


class SandboxEvents:
    """Events whose alerts are rows of the inbox: one for each destination and key, which each event changes.

    As at PagerDuty, acknowledging or resolving an alert that is not open does nothing, and a trigger does not undo an
    acknowledgement. A trigger after a resolution opens a new alert there, and changes the same row here. The reference
    is the key, so the `ts` of the row is made from it; the routing key is not stored.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def send(self, context: MessageContext, /, routing_key: str, event: Event) -> Delivered | Failed:  # noqa: ARG002  # a secret
        """Store the alert after the event."""
        key = event["dedup_key"]
        ts = fingerprint_of(context.destination, key)[:_TS_CHARS]
        failed = self._inbox.put(
            DestinationKind.PAGERDUTY, context, context.destination, ts, lambda old: _after_event(old, event)
        )
        return failed or Delivered(key)


def _after_event(old: Json, event: Event) -> Json | None:
    """Return the payload after this event; None when PagerDuty would drop the event."""
    alert: Json = old.get("pagerduty", {})
    status = _status(alert.get("status", ""), event["event_action"])
    if status is None:
        return None
    now = {**alert, **event, "status": status}
    text = now.get("payload", {}).get("summary", "")
    return {"pagerduty": now, "text": text, "first_text": old.get("first_text", text)}


def _status(before: str, action: str) -> str | None:
    """Return the status of an alert after an action; None when the alert is not open."""
    is_open = before in {_TRIGGERED, _ACKNOWLEDGED}
    if action == TRIGGER:
        return before if is_open else _TRIGGERED
    return {ACKNOWLEDGE: _ACKNOWLEDGED, RESOLVE: _RESOLVED}[action] if is_open else None


class Act(StrEnum):
    """Actions on an incident there; the value is PagerDuty's word."""

    ACKNOWLEDGE = "incident.acknowledged"
    RESOLVE = "incident.resolved"
    TIME_OUT = "incident.unacknowledged"


LABELS = {Act.ACKNOWLEDGE: "Acknowledge", Act.RESOLVE: "Resolve", Act.TIME_OUT: "Time out"}

_OFFERED = {"triggered": (Act.ACKNOWLEDGE, Act.RESOLVE), "acknowledged": (Act.RESOLVE, Act.TIME_OUT)}
_STATUS = {Act.ACKNOWLEDGE: "acknowledged", Act.RESOLVE: "resolved", Act.TIME_OUT: "triggered"}


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who is signed in to PagerDuty."""

    id: str
    name: str


def agent_of(person: Person, known_as: str) -> Agent:
    """Return a person of the policy as a user of PagerDuty; without an id there they are a stranger."""
    return Agent(known_as or f"{_STRANGER}{person.key.upper()}", person.name)


def offered(alert: Mapping[str, Any]) -> tuple[Act, ...]:
    """Return the actions that the incident's status permits."""
    return _OFFERED.get(alert.get("status", ""), ())


def title(alert: Mapping[str, Any]) -> str:
    """Return the title that PagerDuty gives an incident: the summary of its alert."""
    return str(alert.get("payload", {}).get("summary", ""))


def urgency(alert: Mapping[str, Any]) -> str:
    """Return the urgency that PagerDuty gives an incident, where its service uses severities."""
    return "low" if alert.get("payload", {}).get("severity") in _LOW else "high"


def after(alert: Mapping[str, Any], act: Act, agent: Agent) -> Json:
    """Return the incident after an action, with who did it."""
    return {**alert, "status": _STATUS[act], "changed_by": None if act is Act.TIME_OUT else agent.name}


def webhook_body(
    item: InboxItem, alert: Mapping[str, Any], act: Act, agent: Agent, now: datetime, event_id: str
) -> bytes:
    """Return the body of the webhook about an action; `alert` is the incident after it.

    An acknowledgement times out by itself, without an agent.
    """
    is_by_person = act is not Act.TIME_OUT
    event = {
        "id": event_id,
        "event_type": act.value,
        "resource_type": "incident",
        "occurred_at": exact(now),
        "agent": _reference("user", agent.id, agent.name) if is_by_person else None,
        "client": {"name": "PagerDuty"} if is_by_person else None,
        "data": _incident(item, alert),
    }
    return json.dumps({"event": event}).encode()


def _incident(item: InboxItem, alert: Mapping[str, Any]) -> Json:
    reference = _reference("incident", f"Q{item.ts[:_ID_CHARS].upper()}", title(alert))
    return {
        **{name: reference[name] for name in ("id", "self", "html_url")},
        "type": "incident",
        "number": item.number,
        "status": alert["status"],
        "incident_key": alert["dedup_key"],
        "created_at": exact(item.created_at),
        "title": title(alert),
        "service": _reference("service", f"{_STRANGER}1", item.destination),
        "assignees": [],
        "escalation_policy": _reference("escalation_policy", f"{_STRANGER}2", "Sandbox"),
        "teams": [],
        "priority": None,
        "urgency": urgency(alert),
        "conference_bridge": None,
        "resolve_reason": None,
    }


def _reference(kind: str, id_: str, summary: str) -> dict[str, str]:
    plural = "escalation_policies" if kind == "escalation_policy" else f"{kind}s"
    return {
        "id": id_,
        "type": f"{kind}_reference",
        "summary": summary,
        "self": f"https://api.pagerduty.com/{plural}/{id_}",
        "html_url": f"{_SITE}/{plural}/{id_}",
    }


def _show(_item: InboxItem, payload: Json, _reader: SandboxDestination) -> Shown:
    alert = payload.get("pagerduty", {})
    form = alert and {**alert, "title": title(alert), "urgency": urgency(alert)}
    pressed = [{"action_id": act.value, "label": LABELS[act], "value": alert["dedup_key"]} for act in offered(alert)]
    return Shown(form, pressed)


def _act(item: InboxItem, payload: Json, deed: Deed) -> Done | Refused:
    alert = payload.get("pagerduty", {})
    act = next((offered_act for offered_act in offered(alert) if offered_act.value == deed.act), None)
    if act is None:
        return Refused(f"It is {alert.get('status', 'gone')} in PagerDuty now, so that is not possible.")
    agent = agent_of(deed.person, deed.known_as(DestinationKind.PAGERDUTY))
    alert = after(alert, act, agent)
    body = webhook_body(item, alert, act, agent, deed.now, f"{deed.event_id:032X}"[:26])
    return Done(alert, {webhooks.SIGNATURE_HEADER: webhooks.sign(body, deed.sandbox_secret)}, body)


def _channel(inbox: Inbox, _clients: Clients, _settings: Settings, _clock: Clock) -> PagerDutyChannel:
    return PagerDutyChannel(SandboxEvents(inbox))


SANDBOX = SandboxVendor(
    kind=DestinationKind.PAGERDUTY, stored_as="pagerduty", make_channel=_channel, show=_show, act=_act
)
