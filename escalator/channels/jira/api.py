"""What the product asks of Jira. Nothing is rendered behind it, so that a sandbox can stand in its place."""

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
"""The detail of BAD_TARGET when an issue that stood there stands no more: the next page makes a new one."""

_KEY = re.compile(r"[^\W\d_][\w-]{0,120}-\d{1,18}")


class Flavour(StrEnum):
    """Which of the two Jiras it is; the value is the version of its REST API that we speak."""

    CLOUD = "3"
    DATA_CENTER = "2"


class Category(StrEnum):
    """What a status means, whatever a workflow calls it: `statusCategory.key`, the same in every Jira."""

    NEW = "new"
    INDETERMINATE = "indeterminate"
    DONE = "done"
    UNDEFINED = "undefined"


def category_of(status: object) -> Category:
    """Return what a status means, given what Jira says of it; undefined for what it does not say."""
    category = status.get("statusCategory") if isinstance(status, dict) else None
    word = category.get("key") if isinstance(category, dict) else None
    return next((category_ for category_ in Category if category_.value == word), Category.UNDEFINED)


def account_id(user: Json) -> str:
    """Return by what a user is known: `accountId` on Cloud, `key` (else `name`) on Data Center; empty if by nothing."""
    known = (user.get(name) for name in ("accountId", "key", "name"))
    return next((identifier for identifier in known if isinstance(identifier, str) and identifier), "")


def is_issue_key(value: object) -> TypeGuard[str]:
    """Whether something may be the key of an issue, such as `TS-42`; Data Center lets its owner choose the form."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as it stands. `key` is its present one: an issue that was moved is still found by its old one."""

    key: str
    summary: str
    description: Document
    category: Category


@dataclass(frozen=True, slots=True)
class Transition:
    """A way that the workflow offers from where the issue stands; `to` is what the status at its end means."""

    id: str
    to: Category


class Conversation(Protocol):
    """Calls about one notification, which together have an end. No method raises for anything Jira or the network does.

    An issue that is not there any more is BAD_TARGET with ISSUE_NOT_FOUND.
    """

    def find(self, label: str, /) -> str | Failed:
        """Return the key of the oldest issue with this label, empty when there is none (on Cloud: none indexed yet)."""
        ...

    def create(self, fields: Json, /) -> Delivered | Failed:
        """Open an issue; the reference is its key. BAD_MESSAGE names in its detail the fields that were refused."""
        ...

    def read(self, key: str, /) -> Issue | Failed:
        """Return how an issue stands."""
        ...

    def edit(self, key: str, fields: Json, /) -> Delivered | Failed:
        """Change fields of an issue."""
        ...

    def comment_once(self, key: str, marker: str, body: Document, /) -> Delivered | Failed:
        """Add a comment, unless one that holds the marker stands there; `body` holds it."""
        ...

    def transitions(self, key: str, /) -> tuple[Transition, ...] | Failed:
        """Return the ways that the workflow offers from where the issue stands, in its order."""
        ...

    def move(self, key: str, transition_id: str, /) -> Delivered | Failed:
        """Take one of those ways."""
        ...


class JiraApi(Protocol):
    """One Jira."""

    @property
    def flavour(self) -> Flavour:
        """Which of the two Jiras it is: descriptions and comments are written for it."""
        ...

    def conversation(self, context: MessageContext, /) -> Conversation:
        """Begin the calls about one notification; their time runs from now."""
        ...
