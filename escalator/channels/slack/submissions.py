"""Submissions of our modals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from escalator.channels.slack import escalate_modal, silence_modal
from escalator.channels.slack.modals import (
    HAND_OVER_CALLBACK,
    NOTE,
    NOTE_CALLBACK,
    OUTCOME,
    REFERENCE,
    RESOLVE_CALLBACK,
    TO,
    origin_of,
)
from escalator.model.incident import Outcome, Verb
from escalator.rendering.buttons import ButtonValue, decode

_VERBS = {RESOLVE_CALLBACK: Verb.RESOLVE, HAND_OVER_CALLBACK: Verb.HAND_OVER, NOTE_CALLBACK: Verb.NOTE}


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender. `team_id` is their workspace, which may be a guest's."""

    user_id: str
    team_id: str
    api_app_id: str = ""
    enterprise_id: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """A modal about an incident was submitted. `outcome` is None when none of ours was chosen; texts may be empty."""

    user_id: str
    team_id: str
    api_app_id: str
    button: ButtonValue
    outcome: Outcome | None
    reference: str
    channel_id: str
    message_ts: str
    verb: Verb = Verb.RESOLVE
    to: str = ""
    note: str = ""
    enterprise_id: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """The modal of `/escalate` was submitted. `view_id` is the same for repeated submissions."""

    user_id: str
    team_id: str
    view_id: str
    category: str
    about: str
    item: str
    author: str
    source: str
    enterprise_id: str = ""


@dataclass(frozen=True, slots=True)
class Silencing:
    """The modal of `/silence` was submitted. `minutes` is 0 when none of ours was chosen."""

    user_id: str
    team_id: str
    named: str
    minutes: int
    reason: str
    is_for_critical: bool
    enterprise_id: str = ""


def submission(sender: Sender, view: Mapping[str, Any]) -> Submission | Opening | Silencing | None:
    """Return the submission of a modal, or None for one that is not ours."""
    if view["callback_id"] == silence_modal.CALLBACK:
        return _silencing(sender, view)
    if view["callback_id"] == escalate_modal.CALLBACK:
        return _opening(sender, view)
    verb = _VERBS.get(view["callback_id"])
    origin = origin_of(view["private_metadata"])
    button = decode(origin.value)
    if verb is None or button is None:
        return None
    state = view["state"]
    return Submission(
        user_id=sender.user_id,
        team_id=sender.team_id,
        enterprise_id=sender.enterprise_id,
        api_app_id=sender.api_app_id,
        button=button,
        outcome=_outcome(_chosen(state, OUTCOME)),
        reference=_text_of(state, REFERENCE),
        channel_id=origin.channel_id,
        message_ts=origin.message_ts,
        verb=verb,
        to=_chosen(state, TO),
        note=_text_of(state, NOTE),
    )


def _opening(sender: Sender, view: Mapping[str, Any]) -> Opening:
    state = view["state"]
    return Opening(
        user_id=sender.user_id,
        team_id=sender.team_id,
        enterprise_id=sender.enterprise_id,
        view_id=view["id"],
        category=_chosen(state, escalate_modal.CATEGORY),
        about=_text_of(state, escalate_modal.ABOUT),
        item=_text_of(state, escalate_modal.ITEM),
        author=_text_of(state, escalate_modal.AUTHOR),
        source=_chosen(state, escalate_modal.SOURCE),
    )


def _silencing(sender: Sender, view: Mapping[str, Any]) -> Silencing:
    state = view["state"]
    return Silencing(
        user_id=sender.user_id,
        team_id=sender.team_id,
        enterprise_id=sender.enterprise_id,
        named=_chosen(state, silence_modal.NAMED),
        minutes=silence_modal.minutes_of(_chosen(state, silence_modal.LASTS)),
        reason=_text_of(state, silence_modal.REASON),
        is_for_critical=_chosen(state, silence_modal.CRITICAL) == silence_modal.YES,
    )


def _input(state: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the value of the input whose block and action have this name."""
    for key in ("values", name, name):
        inner = state.get(key)
        state = inner if isinstance(inner, Mapping) else {}
    return state


def _chosen(state: Mapping[str, Any], name: str) -> str:
    option = _input(state, name).get("selected_option")
    value = option.get("value") if isinstance(option, Mapping) else None
    return value if isinstance(value, str) else ""


def _text_of(state: Mapping[str, Any], name: str) -> str:
    value = _input(state, name).get("value")
    return value.strip() if isinstance(value, str) else ""


def _outcome(value: str) -> Outcome | None:
    return Outcome(value) if value in set(Outcome) else None
