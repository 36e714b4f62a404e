"""A notification as a post: what is read first as its text, the rest as one attachment."""

from escalator.channels.contract import Notification
from escalator.channels.mattermost import limits
from escalator.channels.mattermost.api import Payload
from escalator.channels.mattermost.text import line, link, plain
from escalator.model.incident import HELD_STATES, State
from escalator.model.message import IncidentStatus
from escalator.rendering.truncate import cut

_MENTIONS = {"channel": "@channel ", "here": "@here ", "nobody": ""}
_WAITING, _HELD, _OVER, _NOTICE = "#c0362c", "#c98a00", "#2e7d4f", "#5b5e65"


def page(one: Notification) -> Payload:
    """Return what rings: the full message, and where its reader answers."""
    lines = [line(parts) for parts in one.card.lines[: limits.LINES] if parts != (one.card.text,)]
    answer = [f"**{link(one.answer)}**"] if one.answer else []
    return _post(one, "\n".join([*(said for said in lines if said), *answer]), mention=_mention(one))


def again(one: Notification) -> Payload:
    """Return what rings where a message stands already: a post cannot be answered in its thread by a webhook."""
    return _post(one, f"**{link(one.answer)}**" if one.answer else "", mention=_mention(one))


def update_text(one: Notification) -> Payload:
    """Return what became of what was asked here: a webhook cannot change what it has posted."""
    return _post(one, "Nothing more is asked of you.", mention="")


def _mention(one: Notification) -> str:
    return _MENTIONS[one.options.get("mention", "channel")]


def _post(one: Notification, text: str, *, mention: str) -> Payload:
    header = "" if one.card.header in one.card.text else one.card.header
    attachment = {
        "fallback": cut(one.card.text, limits.FALLBACK),
        "color": _colour(one.standing),
        "title": plain(cut(header, limits.TITLE)),
        "text": text,
    }
    said = {name: value for name, value in attachment.items() if value}
    shown = [said] if {"title", "text"} & said.keys() else []
    return {"text": f"{mention}{plain(cut(one.card.text, limits.TEXT // 3))}", "attachments": shown}


def _colour(standing: IncidentStatus | None) -> str:
    if standing is None:
        return _NOTICE
    if standing.state in HELD_STATES:
        return _HELD
    return _WAITING if standing.state is State.TRIGGERED else _OVER
