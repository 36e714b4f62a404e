"""Jira's refusals: one table from its statuses to our failure reasons.

Statuses and the form of errors: developer.atlassian.com/cloud/jira/platform/rest/v3/intro ("Status codes"), and
`ErrorCollection` in its OpenAPI document: {"errorMessages": [...], "errors": {"field": "message"}}. Messages may quote
what was sent, so that none is kept; names of fields are kept where they are Jira's own.
"""

import re

from escalator.channels.http import Answer, BadAnswer, json_object, refused
from escalator.channels.jira.api import ISSUE_NOT_FOUND
from escalator.model.message import Failed, FailureReason

_OF_FIELDS = frozenset({400, 422})
_TARGETS = frozenset({"project", "pid", "issuetype"})
_FIELDS = frozenset(
    {
        *_TARGETS,
        "assignee",
        "comment",
        "components",
        "description",
        "duedate",
        "environment",
        "fixVersions",
        "labels",
        "parent",
        "priority",
        "reporter",
        "resolution",
        "security",
        "summary",
        "transition",
        "versions",
    }
)
_CUSTOM_FIELD = re.compile(r"customfield_\d{1,9}", re.ASCII)
_MOST_FIELDS = 8


def failure(answer: Answer, *, of_issue: bool) -> Failed:
    """Return the failure of an answer. `of_issue`: the request was about an issue of ours."""
    if answer.status == 404 and of_issue and _is_jiras(answer.body):
        return Failed(FailureReason.BAD_TARGET, ISSUE_NOT_FOUND)
    if answer.status in _OF_FIELDS:
        return _of_fields(_fields(answer.body), f"http_{answer.status}")
    return refused(answer.status, answer.headers)


def refused_fields(failed: Failed) -> frozenset[str]:
    """Return the refused fields; empty when Jira has not named them."""
    if failed.reason is not FailureReason.BAD_MESSAGE:
        return frozenset()
    return frozenset(name for name in failed.detail.split(",") if _is_field(name))


def _of_fields(names: list[str], detail: str) -> Failed:
    """Return the failure for refused fields: an unknown project or type is a wrong destination, not a bad message."""
    reason = FailureReason.BAD_TARGET if _TARGETS & set(names) else FailureReason.BAD_MESSAGE
    return Failed(reason, ",".join(names) or detail)


def _is_jiras(body: bytes) -> bool:
    """Whether Jira itself has refused it: a 404 of a proxy says nothing about an issue."""
    try:
        return "errorMessages" in json_object(body)
    except BadAnswer:
        return False


def _fields(body: bytes) -> list[str]:
    try:
        errors = json_object(body).get("errors")
    except BadAnswer:
        return []
    return sorted(name for name in errors if _is_field(name))[:_MOST_FIELDS] if isinstance(errors, dict) else []


def _is_field(name: str) -> bool:
    return name in _FIELDS or _CUSTOM_FIELD.fullmatch(name) is not None
