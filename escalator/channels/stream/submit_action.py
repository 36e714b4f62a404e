"""Acting on an item in Stream (POST /api/v2/moderation/submit_action), and finding out whether it is done already.

Stream has no key against doing a thing twice (GetStream/protocol, openapi/v2/serverside-api.json): after an unknown
result the item has to be read before the call is made again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from escalator.channels.stream.client import StreamApi
from escalator.channels.stream.review_item import LoggedAction, ReviewItem
from escalator.model.message import Failed, FailureReason
from escalator.model.stream_action_rule import (
    CUSTOM_PART,
    BanScope,
    MessageDeletion,
    PartKind,
    StreamActionRule,
    part_kind,
)
from escalator.stream.timestamps import parse_instant

CLOCK_TOLERANCE = timedelta(seconds=5)
_DELETABLE = frozenset({"message", "activity", "comment", "reaction"})
_UNDONE = frozenset({"restore", "unblock"})
_MINUTE = timedelta(minutes=1)
_PRIORITIES = {"critical": "high", "high": "high", "medium": "medium"}


@dataclass(frozen=True, slots=True)
class Act:
    """One part to carry out: as whom, and what is written beside it. `notes` only go with an escalation."""

    part: str
    user_id: str
    rule: StreamActionRule | None = None
    reason: str = ""
    notes: str = ""
    severity: str = ""

    @property
    def kind(self) -> PartKind:
        """Return what it does."""
        return part_kind(self.part)


@dataclass(frozen=True, slots=True)
class DoneInStream:
    """It is done: by whom, and the id of the entry in Stream's log where that is known."""

    by: str
    action_id: str = ""


def action_type(act: Act, item: ReviewItem) -> str:
    """Return Stream's name of the action; empty where it has none for such an item (nobody can delete a user here)."""
    if act.kind is not PartKind.DELETE:
        return act.kind.value
    thing = item.text("entity_type").rpartition(":")[2]
    return f"delete_{thing}" if thing in _DELETABLE else ""


def request_body(act: Act, item: ReviewItem) -> dict[str, Any] | Failed:
    """Return the body that carries the act out; keys that are not set are left out."""
    name = action_type(act, item)
    options = _OPTIONS[act.kind](act, item)
    if not name or isinstance(options, Failed):
        return options if isinstance(options, Failed) else Failed(FailureReason.NOT_SUPPORTED, "entity_type")
    return {"action_type": name, "item_id": item.text("id"), "user_id": act.user_id, name: options}


def submit(client: StreamApi, body: Mapping[str, Any]) -> ReviewItem | Failed:
    """Make the call; returns the item as Stream answers it. BAD_ANSWER: it may be done or not."""
    answer = client.ask("POST", "/api/v2/moderation/submit_action", body=body)
    if isinstance(answer, Failed):
        return answer
    item = answer.body.get("item")
    return ReviewItem(item, answer.at) if isinstance(item, dict) else Failed(FailureReason.BAD_ANSWER, "no_item")


def done_by_us(act: Act, item: ReviewItem, since: datetime) -> DoneInStream | None:
    """Return the entry of this act in the item's log, tried first at `since` by Stream's clock; None without one."""
    wanted = action_type(act, item)
    ours = [
        entry
        for entry in item.actions
        if entry.type == wanted and entry.user_id == act.user_id and _is_since(entry, since - CLOCK_TOLERANCE)
    ]
    if ours:
        newest = max(ours, key=_time)
        return DoneInStream(act.user_id, newest.id)
    escalated_at = parse_instant(item.body.get("escalated_at"))
    is_escalated = act.kind is PartKind.ESCALATE and item.text("escalated_by") == act.user_id
    if is_escalated and escalated_at is not None and escalated_at >= since - CLOCK_TOLERANCE:
        return DoneInStream(act.user_id)
    return None


def done_by_others(act: Act, item: ReviewItem) -> DoneInStream | None:
    """Return who has done the same already, so that nothing is left to do: a review, a deletion, an escalation."""
    match act.kind:
        case PartKind.MARK_REVIEWED:
            return None if item.reviewed_by is None else DoneInStream(item.reviewed_by)
        case PartKind.DELETE if act.rule is not None and act.rule.is_hard_delete:
            # Somebody may have deleted it so that it can be restored: that is not what was asked for.
            return None
        case PartKind.DELETE:
            return _deleted(action_type(act, item), item)
        case PartKind.ESCALATE:
            return DoneInStream(item.text("escalated_by")) if item.body.get("escalated") is True else None
        case _:
            return None


def _deleted(wanted: str, item: ReviewItem) -> DoneInStream | None:
    about_it = [entry for entry in item.actions if entry.type in {wanted, *_UNDONE} and entry.created_at is not None]
    newest = max(about_it, key=_time, default=None)
    if newest is not None:
        return DoneInStream(newest.user_id, newest.id) if newest.type == wanted else None
    message = item.body.get("message")
    is_gone = isinstance(message, Mapping) and parse_instant(message.get("deleted_at")) is not None
    return DoneInStream("") if is_gone else None


def _time(entry: LoggedAction) -> float:
    return entry.created_at.timestamp() if entry.created_at else 0.0


def _is_since(entry: LoggedAction, since: datetime) -> bool:
    return entry.created_at is not None and entry.created_at >= since


def _delete(act: Act, _item: ReviewItem) -> dict[str, Any]:
    is_hard = act.rule is not None and act.rule.is_hard_delete
    return {**_reason(act), **({"hard_delete": True} if is_hard else {})}


def _ban(act: Act, item: ReviewItem) -> dict[str, Any] | Failed:
    ban = act.rule.ban if act.rule else None
    if ban is None or not item.target_user:
        return Failed(FailureReason.NOT_SUPPORTED, "no_author")
    options: dict[str, Any] = {"target_user_id": item.target_user, **_reason(act)}
    if ban.lasts is not None:
        options["timeout"] = ban.lasts // _MINUTE
    if ban.is_shadow:
        options["shadow"] = True
    if ban.delete_messages is not MessageDeletion.NONE:
        options["delete_messages"] = ban.delete_messages.value
    if ban.scope is BanScope.CHANNEL:
        if not item.channel:
            return Failed(FailureReason.NOT_SUPPORTED, "no_channel")
        options |= {"channel_ban_only": True, "channel_cid": item.channel}
    return options


def _reason(act: Act) -> dict[str, Any]:
    return {"reason": act.reason} if act.reason else {}


def _decision(act: Act, _item: ReviewItem) -> dict[str, Any]:
    return {"decision_reason": act.reason} if act.reason else {}


def _mark_reviewed(act: Act, item: ReviewItem) -> dict[str, Any]:
    # Of a user's item Stream would else mark up to 2,500 contents of that user as reviewed.
    return {"disable_marking_content_as_reviewed": True, **_decision(act, item)}


def _escalate(act: Act, _item: ReviewItem) -> dict[str, Any]:
    return {
        "priority": _PRIORITIES.get(act.severity, "low"),
        **({"notes": act.notes} if act.notes else {}),
        **_reason(act),
    }


def _custom(act: Act, _item: ReviewItem) -> dict[str, Any]:
    return {"id": act.part.removeprefix(CUSTOM_PART)}


_OPTIONS: Mapping[PartKind, Callable[[Act, ReviewItem], dict[str, Any] | Failed]] = {
    PartKind.DELETE: _delete,
    PartKind.BAN: _ban,
    PartKind.SHADOW_BLOCK: lambda act, _item: _reason(act),
    PartKind.BLOCK: lambda act, _item: _reason(act),
    PartKind.RESTORE: _decision,
    PartKind.MARK_REVIEWED: _mark_reviewed,
    PartKind.ESCALATE: _escalate,
    PartKind.CUSTOM: _custom,
}
