"""The interface of Jira. It gets finished documents, so that the sandbox can replace it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeGuard

from escalator.model.message import Delivered, Failed, MessageContext

Json = Mapping[str, Any]
Document = Mapping[str, Any] | str
"""What a description or comment is: an ADF document on Cloud (REST v3), wiki text on Data Center (REST v2)."""

ISSUE_NOT_FOUND = "issue_not_found"
"""The detail of BAD_TARGET when an issue no longer exists: the next page creates a new one."""

_KEY = re.compile(r"[^\W\d_][\w-]{0,120}-\d{1,18}")


class Flavour(StrEnum):
    """Jira Cloud or Data Center; the value is the version of the REST API that is used."""

    CLOUD = "3"
    DATA_CENTER = "2"


class Category(StrEnum):
    """The category of a status, `statusCategory.key`, which is the same in every Jira and workflow."""

    NEW = "new"
    INDETERMINATE = "indeterminate"
    DONE = "done"
    UNDEFINED = "undefined"


def category_of(status: object) -> Category:
    """Return the category of a status object from Jira; UNDEFINED when it has none."""
    category = status.get("statusCategory") if isinstance(status, dict) else None
    word = category.get("key") if isinstance(category, dict) else None
    return next((category_ for category_ in Category if category_.value == word), Category.UNDEFINED)


def account_id(user: Json) -> str:
    """Return a user's id: `accountId` on Cloud, `key` (else `name`) on Data Center; empty when there is none."""
    known = (user.get(name) for name in ("accountId", "key", "name"))
    return next((identifier for identifier in known if isinstance(identifier, str) and identifier), "")


def is_issue_key(value: object) -> TypeGuard[str]:
    """Whether it may be the key of an issue, such as `TS-42`; on Data Center the form is configurable."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue. `key` is its present one: an issue that was moved is still found by its old one."""

    key: str
    summary: str
    description: Document
    category: Category


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition that the workflow offers from the issue's status; `to` is the category of its target status."""

    id: str
    to: Category


class Conversation(Protocol):
    """Calls about one notification, with one time limit for all. No method raises for Jira's or the network's errors.

    An issue that no longer exists is BAD_TARGET with ISSUE_NOT_FOUND.
    """

    def find(self, label: str, /) -> str | Failed:
        """Return the key of the oldest issue with this label, empty when there is none (on Cloud: none indexed yet)."""
        ...

    def create(self, fields: Json, /) -> Delivered | Failed:
        """Create an issue; the reference is its key. The detail of BAD_MESSAGE has the refused fields."""
        ...

    def read(self, key: str, /) -> Issue | Failed:
        """Return how an issue stands."""
        ...

    def edit(self, key: str, fields: Json, /) -> Delivered | Failed:
        """Change fields of an issue."""
        ...

    def comment_once(self, key: str, marker: str, body: Document, /) -> Delivered | Failed:
        """Add a comment, unless one with the marker is there; `body` holds the marker."""
        ...

    def transitions(self, key: str, /) -> tuple[Transition, ...] | Failed:
        """Return the transitions that the workflow offers from the issue's status, in its order."""
        ...

    def move(self, key: str, transition_id: str, /) -> Delivered | Failed:
        """Apply a transition."""
        ...


class JiraApi(Protocol):
    """One Jira."""

    @property
    def flavour(self) -> Flavour:
        """Cloud or Data Center, which decides the form of descriptions and comments."""
        ...

    def conversation(self, context: MessageContext, /) -> Conversation:
        """Begin the calls about one notification; their time runs from now."""
        ...
