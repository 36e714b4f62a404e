"""What people do in PagerDuty, as the sandbox plays it: what an incident offers, and what PagerDuty tells of it.

The form of a webhook: developer.pagerduty.com, "Webhooks overview". An incident that events have opened has its
`incident_key` only sometimes; here it always has, because nothing can be asked by REST.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from escalator.channels.slack.blocks import Json
from escalator.model.policy import Person
from escalator.rendering.timestamps import exact
from escalator.store.sandbox_inbox import InboxItem

_SITE = "https://sandbox.pagerduty.com"
_STRANGER = "PSANDBOX"
_ID_CHARS = 13
_LOW = frozenset({"warning", "info"})


class Act(StrEnum):
    """What becomes of an incident there. The value is what PagerDuty calls it."""

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
    """Return a person of the policy as PagerDuty knows them; who has no id there is a stranger here."""
    return Agent(known_as or f"{_STRANGER}{person.key.upper()}", person.name)


def offered(alert: Mapping[str, Any]) -> tuple[Act, ...]:
    """Return what can be done with an incident as it stands."""
    return _OFFERED.get(alert.get("status", ""), ())


def title(alert: Mapping[str, Any]) -> str:
    """Return the title that PagerDuty gives an incident: the summary of its alert."""
    return str(alert.get("payload", {}).get("summary", ""))


def urgency(alert: Mapping[str, Any]) -> str:
    """Return how urgent PagerDuty takes an incident for, where its service goes by severity."""
    return "low" if alert.get("payload", {}).get("severity") in _LOW else "high"


def after(alert: Mapping[str, Any], act: Act, agent: Agent) -> Json:
    """Return how the incident stands there after an act, and who did that, before anybody is told of it."""
    return {**alert, "status": _STATUS[act], "changed_by": None if act is Act.TIME_OUT else agent.name}


def told(item: InboxItem, alert: Mapping[str, Any], act: Act, agent: Agent, now: datetime, event_id: str) -> bytes:
    """Return the body of the webhook that tells of an act; `alert` is how the incident stands after it.

    An acknowledgement times out by itself: nobody has done that.
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
        "created_at": exact(item.at),
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
