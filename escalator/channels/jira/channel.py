"""The Jira channel: one issue for each place, with comments, updates and transitions that follow the incident."""

import json
import re
from collections.abc import Sequence
from typing import Any

from escalator.channels.contract import FURTHER_FIELDS, Notification, fingerprint_of
from escalator.channels.jira import documents, transitions
from escalator.channels.jira.api import ISSUE_NOT_FOUND, Category, Conversation, Document, Issue, JiraApi, Transition
from escalator.channels.jira.failures import refused_fields
from escalator.model.incident import State
from escalator.model.message import Delivered, Failed, FailureReason, IncidentStatus

LABEL = "escalator-"

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_OPTIONAL = frozenset({"labels", "description"})
"""Fields that are left out when the project has them on no screen: the summary is enough for a page. So are further
fields of the policy when Jira refuses them."""

_STUCK_TEXT = "The Jira workflow has no transition to a matching status from here: move the issue by hand."


class JiraChannel:
    """Creates and updates issues; the reference is the issue's key, the address its project's key."""

    def __init__(self, api: JiraApi) -> None:
        self._api = api

    def send(self, notification: Notification, /) -> Delivered | Failed:
        """Create the issue, or comment on the existing one.

        An attempt whose answer was lost may have created it, so its label is searched first: one more request for each
        issue prevents two issues for one incident. When Jira refuses the search the issue is still created.
        """
        conversation = self._api.conversation(notification.context)
        if notification.ref is not None:
            return self._comment(
                conversation, notification.ref, transitions.marker("told", notification.key), notification.card.text
            )
        issue_key = conversation.find(label(notification))
        if isinstance(issue_key, Failed) and issue_key.reason.is_retryable:
            return issue_key
        if isinstance(issue_key, str) and issue_key:
            shown = self._update_issue(conversation, notification, issue_key)
            if not _is_gone(shown):
                return shown
        return self._open(conversation, notification)

    def update(self, notification: Notification, /) -> Delivered | Failed:
        """Update summary, description and status, and comment once on who took or closed it."""
        if notification.ref is None:
            return Failed(FailureReason.BAD_TARGET, "no_reference")
        return self._update_issue(self._api.conversation(notification.context), notification, notification.ref)

    def face(self, notification: Notification, /) -> str:
        """Return a digest of everything shown: no part of it changes with time alone."""
        status_parts = _status_parts(notification.standing) if notification.standing else ()
        return fingerprint_of(
            _summary(notification), json.dumps(self._description(notification), sort_keys=True), *status_parts
        )

    def _open(self, conversation: Conversation, notification: Notification) -> Delivered | Failed:
        further_fields: dict[str, Any] = json.loads(notification.options.get(FURTHER_FIELDS, "{}"))
        fields = further_fields | {
            "project": {"key": notification.address},
            "issuetype": {"name": notification.options.get("issue_type", "")},
            "summary": _summary(notification),
            "description": self._description(notification),
            "labels": [label(notification)],
        }
        result = conversation.create(fields)
        refused = refused_fields(result) if isinstance(result, Failed) else frozenset()
        if refused and refused <= _OPTIONAL | further_fields.keys():
            result = conversation.create({name: value for name, value in fields.items() if name not in refused})
        is_plain = notification.standing is None or notification.standing.state is State.TRIGGERED
        return (
            result
            if isinstance(result, Failed) or is_plain
            else self._update_issue(conversation, notification, result.ref)
        )

    def _update_issue(self, conversation: Conversation, notification: Notification, key: str) -> Delivered | Failed:
        """Update the issue. A text that is refused for good does not prevent the change of status."""
        issue = conversation.read(key)
        if isinstance(issue, Failed):
            return issue
        edited = self._edit(conversation, notification, issue)
        if isinstance(edited, Failed) and edited.reason.is_retryable:
            return edited
        settled = self._comment_and_move(conversation, notification, issue)
        return settled if isinstance(settled, Failed) else edited

    def _edit(self, conversation: Conversation, notification: Notification, issue: Issue) -> Delivered | Failed:
        summary, description = _summary(notification), self._description(notification)
        changed: dict[str, Document] = {}
        if issue.summary != summary:
            changed["summary"] = summary
        if documents.text_of(issue.description) != documents.text_of(description):
            changed["description"] = description
        return conversation.edit(issue.key, changed) if changed else Delivered(issue.key)

    def _comment_and_move(
        self, conversation: Conversation, notification: Notification, issue: Issue
    ) -> Delivered | Failed:
        """Comment, then move: after an interruption between the two, both are done again."""
        status = notification.standing
        if status is None:
            return Delivered(issue.key)
        categories = transitions.wanted_categories(status.state, issue.category)
        offered = conversation.transitions(issue.key) if categories else ()
        if isinstance(offered, Failed):
            return offered
        usable = transitions.usable_transitions(offered, categories)
        remark = transitions.remark(status, notification.card.text, issue.category)
        is_stuck = not usable and _must_move(categories, issue.category)
        if remark is not None:
            text = f"{remark.text}. {_STUCK_TEXT}" if is_stuck else remark.text
            commented = self._comment(conversation, issue.key, remark.marker, text)
            if isinstance(commented, Failed):
                return commented
        return self._move(conversation, issue, usable, categories)

    def _move(
        self,
        conversation: Conversation,
        issue: Issue,
        transitions_: Sequence[Transition],
        categories: Sequence[Category],
    ) -> Delivered | Failed:
        """Apply the first transition that works. One with required fields that we do not know fails."""
        for transition in transitions_:
            moved = conversation.move(issue.key, transition.id)
            if isinstance(moved, Delivered) or moved.reason is not FailureReason.BAD_MESSAGE:
                return moved
        if transitions_ and _must_move(categories, issue.category):
            marker = transitions.marker("stuck", issue.key, *(transition.id for transition in transitions_))
            return self._comment(conversation, issue.key, marker, _STUCK_TEXT)
        return Delivered(issue.key)

    def _comment(self, conversation: Conversation, key: str, marker: str, text: str) -> Delivered | Failed:
        return conversation.comment_once(key, marker, documents.marked(self._api.flavour, text, marker))

    def _description(self, notification: Notification) -> Document:
        return documents.document(self._api.flavour, notification.card.lines or ((notification.card.text,),))


def label(notification: Notification) -> str:
    """Return the label by which the issue of this place is found."""
    name = notification.place or notification.key
    return LABEL + (name if _NAME.fullmatch(name) else fingerprint_of(name)[:32])


def _summary(notification: Notification) -> str:
    text = (
        f"{notification.standing.headline} · #{notification.standing.number}"
        if notification.standing
        else notification.card.text
    )
    return documents.summary(text)


def _status_parts(status: IncidentStatus) -> tuple[str, ...]:
    since = status.since.isoformat() if status.since else ""
    return (status.state.value, status.by or "", since, str(status.outcome or ""))


def _must_move(categories: Sequence[Category], present: Category) -> bool:
    """Whether the issue's present status is wrong: done for an open incident, or open for a closed one."""
    return bool(categories) and (present is Category.DONE or Category.DONE in categories)


def _is_gone(result: Delivered | Failed) -> bool:
    return isinstance(result, Failed) and result.detail == ISSUE_NOT_FOUND
