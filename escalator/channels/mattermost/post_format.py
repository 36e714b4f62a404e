"""A notification as a post: the first line as its text, the rest as one attachment."""

from escalator.channels.contract import Notification
from escalator.channels.mattermost import limits
from escalator.channels.mattermost.api import Payload
from escalator.channels.mattermost.text import line, link, plain
from escalator.model.incident import HELD_STATES, State
from escalator.model.message import IncidentStatus
from escalator.rendering.truncate import cut

_MENTIONS = {"channel": "@channel ", "here": "@here ", "nobody": ""}
_WAITING, _HELD, _OVER, _NOTICE = "#c0362c", "#c98a00", "#2e7d4f", "#5b5e65"


def page(notification: Notification) -> Payload:
    """Return the post for a page: the full message, and the answer link."""
    lines = [line(parts) for parts in notification.card.lines[: limits.LINES] if parts != (notification.card.text,)]
    answer = [f"**{link(notification.answer)}**"] if notification.answer else []
    return _post(notification, "\n".join([*(text for text in lines if text), *answer]), mention=_mention(notification))


def again(notification: Notification) -> Payload:
    """Return the post for a repeated page: a webhook cannot reply in a thread."""
    return _post(
        notification, f"**{link(notification.answer)}**" if notification.answer else "", mention=_mention(notification)
    )


def update_text(notification: Notification) -> Payload:
    """Return the post for an update: a webhook cannot change its earlier post."""
    return _post(notification, "No further action is needed.", mention="")


def _mention(notification: Notification) -> str:
    return _MENTIONS[notification.options.get("mention", "channel")]


def _post(notification: Notification, text: str, *, mention: str) -> Payload:
    header = "" if notification.card.header in notification.card.text else notification.card.header
    attachment = {
        "fallback": cut(notification.card.text, limits.FALLBACK),
        "color": _colour(notification.standing),
        "title": plain(cut(header, limits.TITLE)),
        "text": text,
    }
    attachment_fields = {name: value for name, value in attachment.items() if value}
    shown = [attachment_fields] if {"title", "text"} & attachment_fields.keys() else []
    return {"text": f"{mention}{plain(cut(notification.card.text, limits.TEXT // 3))}", "attachments": shown}


def _colour(standing: IncidentStatus | None) -> str:
    if standing is None:
        return _NOTICE
    if standing.state in HELD_STATES:
        return _HELD
    return _WAITING if standing.state is State.TRIGGERED else _OVER
