"""Jira's REST API over HTTP: every result is a value; each call and each conversation has a time limit.

Sources: developer.atlassian.com/cloud/jira/platform/rest/v3 and docs.atlassian.com/software/jira/docs/api/REST (v2).
"""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from escalator.channels.deadline_socket import Limits
from escalator.channels.jira.api import (
    Category,
    Document,
    Flavour,
    Issue,
    Json,
    Transition,
    account_id,
    category_of,
    is_issue_key,
)
from escalator.channels.jira.create_meta import CreateScreen, create_screen
from escalator.channels.jira.site import PATIENT, Site
from escalator.clock import Stopwatch
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext

CONVERSATION_S = 22.0
"""Seconds for all requests of one conversation together, below contract.CALL_ENDS_S."""

INDEX_LAG = timedelta(seconds=30)
"""The delay of a retry after a creation of unknown outcome. Cloud's search index follows "within seconds"
(developer.atlassian.com/cloud/jira/platform/search-and-reconcile): sooner it would not find the issue."""

NEEDED = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES")
"""The permissions in a project that are needed; the names are the same in both Jiras."""

_SEARCHES = {Flavour.CLOUD: "/search/jql", Flavour.DATA_CENTER: "/search"}
_NEWEST_COMMENTS = 10
"""A comment whose answer was lost is among the newest; many more might not fit into a bounded answer."""

_LEAST_S = 0.05


@dataclass(frozen=True, slots=True)
class Access:
    """The result of a check of a project: missing permissions, and whether an issue could be created.

    `screen` has the fields of an issue of that type, None when this Jira does not return them.
    """

    missing: tuple[str, ...]
    has_issue_type: bool
    screen: CreateScreen | None = None


class JiraRest:
    """A real Jira."""

    def __init__(self, url: str, email: str, token: str, *, limits: Limits = PATIENT) -> None:
        self._site = Site(url, email, token, limits)

    @property
    def flavour(self) -> Flavour:
        """Cloud or Data Center."""
        return self._site.flavour

    def conversation(self, _context: MessageContext, /) -> "RestConversation":
        """Begin the calls about one notification; their time runs from now."""
        return RestConversation(self._site)

    def myself(self) -> str | Failed:
        """Return the account of the token, as `agent.id` of webhooks about our own actions."""
        response = self._site.ask("GET", "/myself")
        return response if isinstance(response, Failed) else account_id(response) or _odd("no_account")

    def check(self, project: str, issue_type: str) -> Access | Failed:
        """Check our permissions in a project, and the fields of an issue of this type; nothing is changed."""
        query = {"projectKey": project, "permissions": ",".join(NEEDED)}
        response = self._site.ask("GET", f"/mypermissions?{urlencode(query)}")
        if isinstance(response, Failed):
            return response
        project_response = self._site.ask("GET", f"/project/{quote(project, safe='')}")
        if isinstance(project_response, Failed):
            return project_response
        granted = response.get("permissions")
        if not isinstance(granted, dict):
            return _odd("no_permissions")
        missing = tuple(name for name in NEEDED if not _is_granted(granted.get(name)))
        types = {
            str(issue_type_.get("name", "")).casefold() for issue_type_ in _objects(project_response.get("issueTypes"))
        }
        if missing or issue_type.casefold() not in types:
            return Access(missing, issue_type.casefold() in types)
        screen = create_screen(self._site, project, issue_type)
        if isinstance(screen, Failed):
            is_untold = screen.reason is FailureReason.BAD_TARGET
            return Access(missing, has_issue_type=True) if is_untold else screen
        return Access(missing, screen is not None, screen)

    def category_of_status(self, status_id: str) -> Category | Failed:
        """Return the category of a status by its id."""
        response = self._site.ask("GET", f"/status/{quote(status_id, safe='')}")
        return response if isinstance(response, Failed) else category_of(response)


class RestConversation:
    """The requests about one notification: each has its own time limit, and all together CONVERSATION_S."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._watch = Stopwatch()

    def find(self, label: str, /) -> str | Failed:
        """Return the key of the oldest issue with this label; empty when there is none."""
        query = {"jql": f'labels = "{label}" ORDER BY created ASC', "maxResults": 1, "fields": ["summary"]}
        response = self._ask("POST", _SEARCHES[self._site.flavour], query)
        if isinstance(response, Failed):
            return response
        issues = response.get("issues")
        if not isinstance(issues, list):
            return _odd("no_issues")
        return next((key for issue in _objects(issues) if is_issue_key(key := issue.get("key"))), "")

    def create(self, fields: Json, /) -> Delivered | Failed:
        """Create an issue. After a lost answer the retry waits until the search would find it."""
        response = self._ask("POST", "/issue", {"fields": fields})
        if isinstance(response, Failed):
            return self._late(response) if response.reason.is_retryable else response
        key = response.get("key")
        return Delivered(key) if is_issue_key(key) else self._late(_odd("no_key"))

    def _late(self, failed: Failed) -> Failed:
        is_certain = failed.reason is FailureReason.RATE_LIMITED
        if is_certain or self._site.flavour is not Flavour.CLOUD:
            return failed
        return replace(failed, retry_after=max(failed.retry_after or INDEX_LAG, INDEX_LAG))

    def read(self, key: str, /) -> Issue | Failed:
        """Return an issue."""
        response = self._ask("GET", f"{_issue(key)}?fields=summary,description,status", of_issue=True)
        if isinstance(response, Failed):
            return response
        fields, present = response.get("fields"), response.get("key")
        if not isinstance(fields, dict) or not is_issue_key(present):
            return _odd("no_issue")
        description = fields.get("description")
        return Issue(
            key=present,
            summary=str(fields.get("summary") or ""),
            description=description if isinstance(description, dict | str) else "",
            category=category_of(fields.get("status")),
        )

    def edit(self, key: str, fields: Json, /) -> Delivered | Failed:
        """Change fields of an issue."""
        response = self._ask("PUT", _issue(key), {"fields": fields}, of_issue=True)
        return response if isinstance(response, Failed) else Delivered(key)

    def comment_once(self, key: str, marker: str, body: Document, /) -> Delivered | Failed:
        """Add a comment, unless one of the newest has the marker."""
        newest = f"{_issue(key)}/comment?orderBy=-created&maxResults={_NEWEST_COMMENTS}"
        response = self._ask("GET", newest, of_issue=True)
        if isinstance(response, Failed):
            return response
        comments = response.get("comments")
        if not isinstance(comments, list):
            return _odd("no_comments")
        if any(marker in json.dumps(comment.get("body")) for comment in _objects(comments)):
            return Delivered(key)
        created = self._ask("POST", f"{_issue(key)}/comment", {"body": body}, of_issue=True)
        if isinstance(created, Failed):
            return created
        return Delivered(key) if created.get("id") else _odd("no_id")

    def transitions(self, key: str, /) -> tuple[Transition, ...] | Failed:
        """Return the transitions that the workflow offers from the issue's status."""
        response = self._ask("GET", f"{_issue(key)}/transitions", of_issue=True)
        if isinstance(response, Failed):
            return response
        offered = response.get("transitions")
        if not isinstance(offered, list):
            return _odd("no_transitions")
        return tuple(
            Transition(str(transition.get("id", "")), category_of(transition.get("to")))
            for transition in _objects(offered)
        )

    def move(self, key: str, transition_id: str, /) -> Delivered | Failed:
        """Apply a transition."""
        response = self._ask("POST", f"{_issue(key)}/transitions", {"transition": {"id": transition_id}}, of_issue=True)
        return response if isinstance(response, Failed) else Delivered(key)

    def _ask(
        self, method: str, path: str, body: Json | None = None, *, of_issue: bool = False
    ) -> dict[str, Any] | Failed:
        left = CONVERSATION_S - self._watch.seconds()
        if left < _LEAST_S:
            return Failed(FailureReason.TIMEOUT, "conversation")
        return self._site.ask(method, path, body, of_issue=of_issue, within_s=left)


def _issue(key: str) -> str:
    return f"/issue/{quote(key, safe='')}"


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _is_granted(permission: object) -> bool:
    return isinstance(permission, dict) and permission.get("havePermission") is True


def _odd(word: str) -> Failed:
    """Return the failure of an answer without the promised values."""
    return Failed(FailureReason.BAD_ANSWER, word)
