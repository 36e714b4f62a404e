"""The simulated Jira of the sandbox, and people's actions in it.

The form of a webhook: developer.atlassian.com/cloud/jira/platform/webhooks, "Webhook payloads".
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from escalator.channels.clients import Clients
from escalator.channels.jira import webhooks
from escalator.channels.jira.api import (
    ISSUE_NOT_FOUND,
    Category,
    Document,
    Flavour,
    Issue,
    Transition,
    is_issue_key,
)
from escalator.channels.jira.channel import JiraChannel
from escalator.channels.stand_in import (
    NOT_THERE,
    Deed,
    Done,
    Inbox,
    Json,
    Refused,
    SandboxDestination,
    SandboxVendor,
    Shown,
)
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.model.policy import Person
from escalator.model.sandbox_item import InboxItem
from escalator.settings import Settings

STATUSES = {Category.NEW: "To Do", Category.INDETERMINATE: "In Progress", Category.DONE: "Done"}
"""The workflow of every project: each status leads to every other one."""

_WAYS = {f"{number}1": category for number, category in enumerate(STATUSES, start=1)}
_GONE = Failed(FailureReason.BAD_TARGET, ISSUE_NOT_FOUND)
_MOST_LOOKED_AT = 50
_MOST_KEY = 32
_MILLISECONDS = 1000
_DONE = ("10000", "Done")
_IDS = {category: str(number) for number, category in enumerate(STATUSES, start=1)}


class SandboxJira:
    """A Jira whose issues are rows of the inbox, numbered in their project: the `ts` of a row is the issue's key."""

    def __init__(self, inbox: Inbox, flavour: Flavour) -> None:
        self._inbox = inbox
        self._flavour = flavour

    @property
    def flavour(self) -> Flavour:
        """Cloud or Data Center, whichever is configured."""
        return self._flavour

    def conversation(self, context: MessageContext, /) -> "SandboxConversation":
        """Begin the calls about one notification."""
        return SandboxConversation(self._inbox, context)


class SandboxConversation:
    """The calls about one notification. The issue is stored under `jira`, with its comments and status."""

    def __init__(self, inbox: Inbox, context: MessageContext) -> None:
        self._inbox = inbox
        self._context = context

    def find(self, label: str, /) -> str | Failed:
        """Return the key of the issue with this label among those of this incident and destination."""
        known = self._inbox.about(DestinationKind.JIRA, self._context, _MOST_LOOKED_AT)
        if isinstance(known, Failed):
            return known
        keys = (key for key, payload in known if label in payload.get("jira", {}).get("fields", {}).get("labels", ()))
        return next(keys, "")

    def create(self, fields: Mapping[str, Any], /) -> Delivered | Failed:
        """Store a new issue under the next key of its project."""
        project = str(fields["project"]["key"])
        issue = {
            "fields": dict(fields),
            "comments": [],
            "category": Category.NEW.value,
            "status": STATUSES[Category.NEW],
        }
        newest = self._inbox.newest_ts(DestinationKind.JIRA, project)
        if isinstance(newest, Failed):
            return newest
        number = int(newest.rpartition("-")[2] or 0)
        while True:
            number += 1
            key = f"{project}-{number}"
            if not is_issue_key(key) or len(key) > _MOST_KEY:
                return Failed(FailureReason.BAD_TARGET, "project")
            payload = _payload({"key": key, **issue}, fields["summary"])
            added = self._inbox.add(DestinationKind.JIRA, self._context, project, payload, key)
            if added is not None:
                return added if isinstance(added, Failed) else Delivered(key)

    def read(self, key: str, /) -> Issue | Failed:
        """Return an issue."""
        payload = self._inbox.read(_ref(key))
        if isinstance(payload, Failed):
            return _as_jira_says(payload)
        issue = payload.get("jira", {})
        if not issue:
            return _GONE
        fields = issue["fields"]
        return Issue(key, fields["summary"], fields.get("description", ""), Category(issue["category"]))

    def edit(self, key: str, fields: Mapping[str, Any], /) -> Delivered | Failed:
        """Change fields of an issue."""
        return self._change(key, lambda issue: issue | {"fields": issue["fields"] | dict(fields)})

    def comment_once(self, key: str, marker: str, body: Document, /) -> Delivered | Failed:
        """Add a comment, unless one with the marker is there."""

        def add(issue: Json) -> Json:
            is_there = any(marker in json.dumps(comment) for comment in issue["comments"])
            return issue if is_there else issue | {"comments": [*issue["comments"], {"body": body}]}

        return self._change(key, add)

    def transitions(self, key: str, /) -> tuple[Transition, ...] | Failed:
        """Return the transitions to the other statuses."""
        issue = self.read(key)
        if isinstance(issue, Failed):
            return issue
        return tuple(
            Transition(status, category) for status, category in _WAYS.items() if category is not issue.category
        )

    def move(self, key: str, transition_id: str, /) -> Delivered | Failed:
        """Apply a transition."""
        category = _WAYS[transition_id]
        return self._change(key, lambda issue: issue | {"category": category.value, "status": STATUSES[category]})

    def _change(self, key: str, change: Callable[[Json], Json]) -> Delivered | Failed:
        def changed(payload: Json) -> Json | None:
            issue = payload.get("jira")
            return _payload(change(issue), payload["first_text"]) if issue else None

        result = self._inbox.rewrite(_ref(key), changed)
        return _as_jira_says(result) if isinstance(result, Failed) else Delivered(key)


def _payload(issue: Json, first_text: str) -> Json:
    return {"jira": issue, "text": issue["fields"]["summary"], "first_text": first_text}


def _ref(key: str) -> str:
    return f"{key.rpartition('-')[0]}/{key}"


def _as_jira_says(failed: Failed) -> Failed:
    return _GONE if failed == NOT_THERE else failed


class Act(StrEnum):
    """Actions of people on an issue."""

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
    """Somebody who is signed in to Jira. Without an address in the policy they are a stranger."""

    person: Person
    email: str


def offered(issue: Mapping[str, Any]) -> tuple[Act, ...]:
    """Return the actions that the issue's status permits."""
    return _OFFERED.get(issue.get("category", ""), ())


def issue_after(issue: Mapping[str, Any], act: Act) -> Json:
    """Return the issue after an action."""
    to = _TO[act]
    return {**issue, "category": to.value, "status": STATUSES[to]}


def webhook_body(key: str, before: Mapping[str, Any], act: Act, agent: Agent, now: datetime, event_id: str) -> bytes:
    """Return the body of the webhook about an action; `before` is the issue before it."""
    to = _TO[act]
    status = {
        "id": _IDS[to],
        "name": STATUSES[to],
        "statusCategory": {"key": to.value, "name": STATUSES[to]},
    }
    resolution = {"id": _DONE[0], "name": _DONE[1]} if to is Category.DONE else None
    payload = {
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
    return json.dumps(payload).encode()


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


def _show(item: InboxItem, payload: Json, _reader: SandboxDestination) -> Shown:
    issue = payload.get("jira", {})
    pressed = [{"action_id": act.value, "label": LABELS[act], "value": item.ts} for act in offered(issue)]
    return Shown(issue and {"key": item.ts, **issue}, pressed)


def _act(item: InboxItem, payload: Json, deed: Deed) -> Done | Refused:
    issue = payload.get("jira", {})
    act = next((offered_act for offered_act in offered(issue) if offered_act.value == deed.act), None)
    if act is None:
        return Refused(f"It is {issue.get('status', 'gone')} in Jira now, so that is not possible.")
    agent = Agent(deed.person, deed.known_as(DestinationKind.EMAIL))
    body = webhook_body(item.ts, issue, act, agent, deed.now, str(deed.event_id)[:18])
    return Done(issue_after(issue, act), {"X-Hub-Signature": webhooks.sign(body, deed.sandbox_secret)}, body)


def _channel(inbox: Inbox, clients: Clients, settings: Settings, _clock: Clock) -> JiraChannel:
    flavour = clients.jira.flavour if settings.jira_url else Flavour.CLOUD
    return JiraChannel(SandboxJira(inbox, flavour))


SANDBOX = SandboxVendor(kind=DestinationKind.JIRA, stored_as="jira", make_channel=_channel, show=_show, act=_act)
