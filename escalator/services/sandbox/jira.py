"""What people do in Jira, as the sandbox plays it: which ways an issue offers, and what Jira tells of them.

The form of a webhook: developer.atlassian.com/cloud/jira/platform/webhooks, "Webhook payloads".
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from escalator.channels.jira.api import Category
from escalator.channels.slack.blocks import Json
from escalator.model.policy import Person
from escalator.services.sandbox_vendors.jira import STATUSES

_MILLISECONDS = 1000
_DONE = ("10000", "Done")
_IDS = {category: str(number) for number, category in enumerate(STATUSES, start=1)}


class Act(StrEnum):
    """What people do with an issue."""

    START = "start"
    FINISH = "finish"
    REOPEN = "reopen"


LABELS = {Act.START: "Start work", Act.FINISH: "Done", Act.REOPEN: "Reopen"}

_OFFERED = {
    Category.NEW: (Act.START, Act.FINISH),
    Category.INDETERMINATE: (Act.FINISH,),
    Category.DONE: (Act.REOPEN,),
}
_TO = {Act.START: Category.INDETERMINATE, Act.FINISH: Category.DONE, Act.REOPEN: Category.NEW}


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who is signed in to Jira. Who has no address in the policy is a stranger here."""

    person: Person
    email: str


def offered(issue: Mapping[str, Any]) -> tuple[Act, ...]:
    """Return what can be done with an issue as it stands."""
    return _OFFERED.get(issue.get("category", ""), ())


def after(issue: Mapping[str, Any], act: Act) -> Json:
    """Return how the issue stands there after an act, before anybody is told of it."""
    to = _TO[act]
    return {**issue, "category": to.value, "status": STATUSES[to]}


def told(key: str, before: Mapping[str, Any], act: Act, agent: Agent, now: datetime, event_id: str) -> bytes:
    """Return the body of the webhook that tells of an act; `before` is how the issue stood."""
    to = _TO[act]
    status = {
        "id": _IDS[to],
        "name": STATUSES[to],
        "statusCategory": {"key": to.value, "name": STATUSES[to]},
    }
    resolution = {"id": _DONE[0], "name": _DONE[1]} if to is Category.DONE else None
    said = {
        "timestamp": int(now.timestamp() * _MILLISECONDS),
        "webhookEvent": "jira:issue_updated",
        "issue_event_type_name": "issue_generic",
        "user": _user(agent),
        "issue": {
            "key": key,
            "fields": {"summary": before["fields"]["summary"], "status": status, "resolution": resolution},
        },
        "changelog": {"id": event_id, "items": list(_changes(Category(before["category"]), to))},
    }
    return json.dumps(said).encode()


def _user(agent: Agent) -> Json:
    user: Json = {
        "accountId": f"sandbox-{agent.person.key}",
        "accountType": "atlassian",
        "displayName": agent.person.name,
        "active": True,
    }
    return {**user, "emailAddress": agent.email} if agent.email else user


def _changes(before: Category, to: Category) -> Iterator[Json]:
    yield _change("status", (_IDS[before], STATUSES[before]), (_IDS[to], STATUSES[to]))
    if Category.DONE in {before, to}:
        yield _change("resolution", *((_DONE, None) if before is Category.DONE else (None, _DONE)))


def _change(field: str, before: tuple[str, str] | None, to: tuple[str, str] | None) -> Json:
    was, is_now = before or (None, None), to or (None, None)
    return {"field": field, "fieldId": field, "fieldtype": "jira"} | {
        "from": was[0],
        "fromString": was[1],
        "to": is_now[0],
        "toString": is_now[1],
    }
