"""What stands in Jira's place in the sandbox."""

import json
from collections.abc import Callable
from typing import Any

from escalator.channels.jira.api import (
    ISSUE_NOT_FOUND,
    Category,
    Document,
    Flavour,
    Issue,
    Json,
    Transition,
    is_issue_key,
)
from escalator.errors import Unavailable
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.model.policy import DestinationKind
from escalator.services.sandbox_vendors.inbox import NOT_NOW, Shelf, opened
from escalator.store import sandbox_inbox
from escalator.store.sandbox_inbox import InboxItem

STATUSES = {Category.NEW: "To Do", Category.INDETERMINATE: "In Progress", Category.DONE: "Done"}
"""The workflow of every project here, in which each status leads to each other one."""

_WAYS = {f"{number}1": category for number, category in enumerate(STATUSES, start=1)}
_GONE = Failed(FailureReason.BAD_TARGET, ISSUE_NOT_FOUND)
_MOST_LOOKED_AT = 50
_MOST_KEY = 32


class InboxJira:
    """A Jira whose issues are rows, one each, counted in their project: the `ts` of a row is the issue's key."""

    def __init__(self, shelf: Shelf, flavour: Flavour) -> None:
        self._shelf = shelf
        self._flavour = flavour

    @property
    def flavour(self) -> Flavour:
        """Which of the two Jiras it stands in for."""
        return self._flavour

    def conversation(self, context: MessageContext, /) -> "InboxConversation":
        """Begin the calls about one notification."""
        return InboxConversation(self._shelf, context)


class InboxConversation:
    """The calls about one notification. What would be sent is kept under `jira`, with its comments and status."""

    def __init__(self, shelf: Shelf, context: MessageContext) -> None:
        self._shelf = shelf
        self._context = context

    def find(self, label: str, /) -> str | Failed:
        """Return the key of the issue with this label among those of the incident at the destination."""
        context = self._context
        try:
            with self._shelf.database.reading() as connection:
                items = sandbox_inbox.newest_about(
                    connection, DestinationKind.JIRA, context.destination, context.incident_id, _MOST_LOOKED_AT
                )
        except Unavailable:
            return NOT_NOW
        found = (item.ts for item in items if label in self._issue(item).get("fields", {}).get("labels", ()))
        return next(found, "")

    def create(self, fields: Json, /) -> Delivered | Failed:
        """Keep a new issue, under the next key of its project."""
        project = str(fields["project"]["key"])
        issue = {
            "fields": dict(fields),
            "comments": [],
            "category": Category.NEW.value,
            "status": STATUSES[Category.NEW],
        }
        try:
            with self._shelf.database.writing() as connection:
                newest = sandbox_inbox.newest_ts(connection, DestinationKind.JIRA, project) or ""
                number = int(newest.rpartition("-")[2] or 0)
                while True:
                    number += 1
                    key = f"{project}-{number}"
                    if not is_issue_key(key) or len(key) > _MOST_KEY:
                        return Failed(FailureReason.BAD_TARGET, "project")
                    if sandbox_inbox.insert(connection, self._item(key, project, issue)):
                        return Delivered(key)
        except Unavailable:
            return NOT_NOW

    def read(self, key: str, /) -> Issue | Failed:
        """Return how an issue stands."""
        try:
            with self._shelf.database.writing() as connection:
                item = sandbox_inbox.lock_message(connection, _project(key), key)
        except Unavailable:
            return NOT_NOW
        issue = self._issue(item) if item else {}
        if not issue:
            return _GONE
        fields = issue["fields"]
        return Issue(key, fields["summary"], fields.get("description", ""), Category(issue["category"]))

    def edit(self, key: str, fields: Json, /) -> Delivered | Failed:
        """Change fields of an issue."""
        return self._change(key, lambda issue: issue | {"fields": issue["fields"] | dict(fields)})

    def comment_once(self, key: str, marker: str, body: Document, /) -> Delivered | Failed:
        """Add a comment, unless one that holds the marker stands there."""

        def add(issue: dict[str, Any]) -> dict[str, Any]:
            is_there = any(marker in json.dumps(one) for one in issue["comments"])
            return issue if is_there else issue | {"comments": [*issue["comments"], {"body": body}]}

        return self._change(key, add)

    def transitions(self, key: str, /) -> tuple[Transition, ...] | Failed:
        """Return the ways to the other statuses."""
        issue = self.read(key)
        if isinstance(issue, Failed):
            return issue
        return tuple(Transition(one, category) for one, category in _WAYS.items() if category is not issue.category)

    def move(self, key: str, transition_id: str, /) -> Delivered | Failed:
        """Take one of those ways."""
        category = _WAYS[transition_id]
        return self._change(key, lambda issue: issue | {"category": category.value, "status": STATUSES[category]})

    def _change(self, key: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Delivered | Failed:
        try:
            with self._shelf.database.writing() as connection:
                item = sandbox_inbox.lock_message(connection, _project(key), key)
                issue = self._issue(item) if item else {}
                if item is None or not issue:
                    return _GONE
                first_text = opened(item, self._shelf.seal)["first_text"]
                sandbox_inbox.update_payload(
                    connection, item.id, self._sealed(change(issue), first_text), self._shelf.clock.now()
                )
        except Unavailable:
            return NOT_NOW
        return Delivered(key)

    def _issue(self, item: InboxItem) -> dict[str, Any]:
        """Return an issue; nothing once it has been purged."""
        issue: dict[str, Any] = opened(item, self._shelf.seal).get("jira", {})
        return issue

    def _item(self, key: str, project: str, issue: Json) -> InboxItem:
        sealed = self._sealed({"key": key, **issue}, issue["fields"]["summary"])
        return self._shelf.item(DestinationKind.JIRA, self._context, project, sealed, key)

    def _sealed(self, issue: Json, first_text: str) -> bytes:
        said = {"jira": issue, "text": issue["fields"]["summary"], "first_text": first_text}
        return self._shelf.seal.seal(json.dumps(said).encode())


def _project(key: str) -> str:
    return key.rpartition("-")[0]
