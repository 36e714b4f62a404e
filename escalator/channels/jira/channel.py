"""Jira as a way out: one issue in each place, which is commented on, kept up to date, and moved as the incident is."""

import json
import re
from collections.abc import Sequence
from typing import Any

from escalator.channels.contract import FURTHER_FIELDS, Notification, digest_of
from escalator.channels.jira import documents, transitions
from escalator.channels.jira.api import ISSUE_NOT_FOUND, Category, Conversation, Document, Issue, JiraApi, Transition
from escalator.channels.jira.failures import refused_fields
from escalator.model.incident import State
from escalator.model.message import Delivered, Failed, FailureReason, IncidentStatus

LABEL = "escalator-"

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_OPTIONAL = frozenset({"labels", "description"})
"""What an issue is opened without when its project has it on no screen: its summary is the page. So is what the policy
gives besides, when Jira refuses it."""

_NO_WAY = "The Jira workflow has no transition to a matching status from here: move the issue by hand."


class JiraChannel:
    """Opens and keeps issues; the reference is the key of the issue, the address the key of its project."""

    def __init__(self, api: JiraApi) -> None:
        self._api = api

    def tell(self, one: Notification, /) -> Delivered | Failed:
        """Open the issue, or comment on the one that stands.

        Whether an attempt before has opened it unsaid is not known here, so its label is looked for first: one more
        request for each issue, against two issues for one incident. A Jira that refuses the search still gets the page.
        """
        talk = self._api.conversation(one.context)
        if one.ref is not None:
            return self._comment(talk, one.ref, transitions.marker("told", one.key), one.card.text)
        found = talk.find(label(one))
        if isinstance(found, Failed) and found.reason.is_retryable:
            return found
        if isinstance(found, str) and found:
            shown = self._bring(talk, one, found)
            if not _is_gone(shown):
                return shown
        return self._open(talk, one)

    def show(self, one: Notification, /) -> Delivered | Failed:
        """Bring summary, description and status up to date, and say once who took or ended it."""
        if one.ref is None:
            return Failed(FailureReason.BAD_TARGET, "no_reference")
        return self._bring(self._api.conversation(one.context), one, one.ref)

    def face(self, one: Notification, /) -> str:
        """Return a digest of all that is shown: no part of it changes by time alone."""
        how = _how(one.standing) if one.standing else ()
        return digest_of(_summary(one), json.dumps(self._description(one), sort_keys=True), *how)

    def _open(self, talk: Conversation, one: Notification) -> Delivered | Failed:
        given: dict[str, Any] = json.loads(one.options.get(FURTHER_FIELDS, "{}"))
        fields = given | {
            "project": {"key": one.address},
            "issuetype": {"name": one.options.get("issue_type", "")},
            "summary": _summary(one),
            "description": self._description(one),
            "labels": [label(one)],
        }
        made = talk.create(fields)
        refused = refused_fields(made) if isinstance(made, Failed) else frozenset()
        if refused and refused <= _OPTIONAL | given.keys():
            made = talk.create({name: value for name, value in fields.items() if name not in refused})
        is_plain = one.standing is None or one.standing.state is State.TRIGGERED
        return made if isinstance(made, Failed) or is_plain else self._bring(talk, one, made.ref)

    def _bring(self, talk: Conversation, one: Notification, key: str) -> Delivered | Failed:
        """Make the issue what the notification says now. A text that is refused for good keeps no status back."""
        issue = talk.read(key)
        if isinstance(issue, Failed):
            return issue
        edited = self._edit(talk, one, issue)
        if isinstance(edited, Failed) and edited.reason.is_retryable:
            return edited
        settled = self._settle(talk, one, issue)
        return settled if isinstance(settled, Failed) else edited

    def _edit(self, talk: Conversation, one: Notification, issue: Issue) -> Delivered | Failed:
        summary, description = _summary(one), self._description(one)
        changed: dict[str, Document] = {}
        if issue.summary != summary:
            changed["summary"] = summary
        if documents.says(issue.description) != documents.says(description):
            changed["description"] = description
        return talk.edit(issue.key, changed) if changed else Delivered(issue.key)

    def _settle(self, talk: Conversation, one: Notification, issue: Issue) -> Delivered | Failed:
        """Say what is to be said, then move: whoever is interrupted between the two finds both still to be done."""
        standing = one.standing
        if standing is None:
            return Delivered(issue.key)
        categories = transitions.wanted(standing.state, issue.category)
        offered = talk.transitions(issue.key) if categories else ()
        if isinstance(offered, Failed):
            return offered
        ways = transitions.ways(offered, categories)
        remark = transitions.remark(standing, one.card.text, issue.category)
        is_stuck = not ways and _must_move(categories, issue.category)
        if remark is not None:
            text = f"{remark.text}. {_NO_WAY}" if is_stuck else remark.text
            said = self._comment(talk, issue.key, remark.marker, text)
            if isinstance(said, Failed):
                return said
        return self._move(talk, issue, ways, categories)

    def _move(
        self, talk: Conversation, issue: Issue, ways: Sequence[Transition], categories: Sequence[Category]
    ) -> Delivered | Failed:
        """Take the first way that is open. One that asks for more than we know is no way for us."""
        for way in ways:
            moved = talk.move(issue.key, way.id)
            if isinstance(moved, Delivered) or moved.reason is not FailureReason.BAD_MESSAGE:
                return moved
        if ways and _must_move(categories, issue.category):
            marker = transitions.marker("stuck", issue.key, *(way.id for way in ways))
            return self._comment(talk, issue.key, marker, _NO_WAY)
        return Delivered(issue.key)

    def _comment(self, talk: Conversation, key: str, marker: str, text: str) -> Delivered | Failed:
        return talk.comment_once(key, marker, documents.marked(self._api.flavour, text, marker))

    def _description(self, one: Notification) -> Document:
        return documents.document(self._api.flavour, one.card.lines or ((one.card.text,),))


def label(one: Notification) -> str:
    """Return the label by which the issue of this place is found again."""
    name = one.place or one.key
    return LABEL + (name if _NAME.fullmatch(name) else digest_of(name)[:32])


def _summary(one: Notification) -> str:
    said = f"{one.standing.headline} · #{one.standing.number}" if one.standing else one.card.text
    return documents.summary(said)


def _how(standing: IncidentStatus) -> tuple[str, ...]:
    since = standing.since.isoformat() if standing.since else ""
    return (standing.state.value, standing.by or "", since, str(standing.outcome or ""))


def _must_move(categories: Sequence[Category], present: Category) -> bool:
    """Whether an issue that stays where it is says something wrong: done is not open, and open is not done."""
    return bool(categories) and (present is Category.DONE or Category.DONE in categories)


def _is_gone(done: Delivered | Failed) -> bool:
    return isinstance(done, Failed) and done.detail == ISSUE_NOT_FOUND
