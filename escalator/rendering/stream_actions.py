"""Actions in Stream in words: what they do, how far one has got, and why a part failed."""

from collections.abc import Callable

from escalator.model.incident import Incident
from escalator.model.message import FailureReason
from escalator.model.stream_action import ActionPart, ActionState, PartState, StreamAction
from escalator.model.stream_action_rule import CUSTOM_PART, BanRule, PartKind, StreamActionRule, part_kind
from escalator.rendering.push_text import words

_DONE = {
    PartKind.DELETE: "Deleted",
    PartKind.BAN: "Author banned",
    PartKind.SHADOW_BLOCK: "Shadow-blocked",
    PartKind.BLOCK: "Blocked",
    PartKind.RESTORE: "Restored",
    PartKind.MARK_REVIEWED: "Marked as reviewed",
    PartKind.ESCALATE: "Escalated in Stream",
}
_VISIBILITY = {
    PartKind.DELETE: "Deleted, not visible",
    PartKind.BLOCK: "Blocked, not visible",
    PartKind.SHADOW_BLOCK: "Shadow-blocked, visible only to its author",
    PartKind.RESTORE: "Restored, visible",
}
_NAMES = {
    PartKind.DELETE: "Delete",
    PartKind.BAN: "Ban",
    PartKind.SHADOW_BLOCK: "Shadow block",
    PartKind.BLOCK: "Block",
    PartKind.RESTORE: "Restore",
    PartKind.MARK_REVIEWED: "Mark as reviewed",
    PartKind.ESCALATE: "Escalate in Stream",
}
_WHY = {
    FailureReason.FORBIDDEN.value: "not allowed",
    FailureReason.BAD_MESSAGE.value: "Stream refused it",
    FailureReason.NOT_SUPPORTED.value: "not possible for this kind of item",
    FailureReason.NOT_CONFIGURED.value: "the app's key or secret is not set",
    "no_longer_there": "the item is no longer in Stream",
    "not_known": "Stream did not say whether it is done; look there",
    "no_longer_allowed": "whoever asked may not do this any more, or Stream does not know them",
    "sandbox_now": "sandbox mode has been switched on, so nothing is done in Stream",
    "escalation_queue_off": "the app's escalation queue is off",
    "too_late": "Stream could not be reached for two hours",
    "diverted": "messages are diverted for a test, so nothing is done in Stream",
}
_ENDED = {"expired": "nobody approved it in time", "withdrawn": "the incident has changed"}


def visibility_words(incident: Incident) -> str | None:
    """Return what we made of the content in this round, such as `Deleted, not visible`; None if that is nothing."""
    present = [action for action in incident.stream_actions if action.round == incident.round]
    done = [part.kind for action in present for part in action.parts if part.state is PartState.DONE]
    known = [_VISIBILITY[part_kind(kind)] for kind in done if part_kind(kind) in _VISIBILITY]
    return known[-1] if known else None


def part_done_words(part: str) -> str:
    """Return `Deleted`, or `Custom action escalator_page run`."""
    kind = part_kind(part)
    return f"Custom action {part.removeprefix(CUSTOM_PART)} run" if kind is PartKind.CUSTOM else _DONE[kind]


def part_name(part: str) -> str:
    """Return `Delete`, or `Custom action escalator_page`."""
    kind = part_kind(part)
    return f"Custom action {part.removeprefix(CUSTOM_PART)}" if kind is PartKind.CUSTOM else _NAMES[kind]


def why_not_done(reason: str) -> str:
    """Return why a part failed or an action ended, as the end of a sentence."""
    return _WHY.get(reason) or _ENDED.get(reason) or reason.replace("_", " ")


def action_line(action: StreamAction, name: Callable[[str], str]) -> str:
    """Return one line: `Deleted by Ana Ruiz. Ban failed: not allowed`. `name` returns a person's name."""
    by = name(action.person)
    match action.state:
        case ActionState.PROPOSED:
            return f"{by} asks for “{action.label}”: a second person has to approve it"
        case ActionState.ENDED:
            return f"“{action.label}” by {by} was not approved: {why_not_done(action.reason)}"
        case _:
            return ". ".join(_sentences(action, by))


def _sentences(action: StreamAction, by: str) -> list[str]:
    done = [part for part in action.parts if part.state is PartState.DONE]
    sentences = [_done_sentence(done, by, action)] if done else []
    for part in action.parts:
        if part.state is PartState.FAILED:
            sentences.append(f"{part_name(part.kind)} failed: {why_not_done(part.reason)}")
    if action.state is ActionState.RUNNING and (position := action.next_part) is not None:
        sentences.append(f"{part_name(action.parts[position].kind)} requested in Stream{'' if done else f' by {by}'}")
    return sentences


def _done_sentence(done: list[ActionPart], by: str, action: StreamAction) -> str:
    first, *others = (part_done_words(part.kind) for part in done)
    phrase = ", ".join([first, *(f"{other[0].lower()}{other[1:]}" for other in others)])
    approved = " (approved)" if action.approved_by else ""
    already = " (already done before)" if all(part.reason == "already_done" for part in done) else ""
    return f"{phrase} by {by}{approved}{already}"


def confirmation_question(rule: StreamActionRule, number: int) -> str | None:
    """Return the question before an action, or None where the policy wants none."""
    if not rule.is_confirmed:
        return None
    parts = ", ".join(_part_question(part, rule) for part in rule.parts)
    return f"#{number} in Stream: {parts}?"


def _part_question(part: str, rule: StreamActionRule) -> str:
    kind = part_kind(part)
    if kind is PartKind.BAN and rule.ban is not None:
        return _ban_words(rule.ban)
    if kind is PartKind.DELETE and rule.is_hard_delete:
        return "delete for ever"
    return part_name(part).lower() if kind is not PartKind.CUSTOM else part_name(part)


def _ban_words(ban: BanRule) -> str:
    length = "for ever" if ban.lasts is None else f"for {words(ban.lasts)}"
    where = "in this channel" if ban.scope.value == "channel" else "in the whole app"
    return f"ban the author {length} {where}"


def stream_action_label(rule: StreamActionRule, incident: Incident) -> str:
    """Return the label of an action's button: the policy's; `Approve: …` and `Try again: …` where it comes to that."""
    same = [action for action in incident.stream_actions if (action.key, action.round) == (rule.key, incident.round)]
    match same[-1].state if same else None:
        case ActionState.PROPOSED:
            return f"Approve: {rule.label}"
        case ActionState.FAILED:
            return f"Try again: {rule.label}"
        case _:
            return rule.label
