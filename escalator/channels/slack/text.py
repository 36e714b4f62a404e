"""Texts in Slack's two forms, escaped and cut by its limits."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from escalator.channels.slack import limits
from escalator.model.message import InlineTime, Link
from escalator.rendering.truncate import MORE, cut, utf16

_URL_ESCAPES = str.maketrans({" ": "%20", "|": "%7C", "<": "%3C", ">": "%3E", "\n": "%0A", "\r": "%0D"})
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
"""Half a surrogate pair, which JSON can hold and Slack's texts cannot."""


def escape(text: str) -> str:
    """Return the text with the three characters escaped that begin a mention or a link (Slack asks for no more)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fitting(parts: Iterable[str], more: str, *, between: str = "\n", room: int = limits.TEXT) -> str:
    """Return as many whole parts as fit, and `more` for those left out: a mention must not be cut."""
    fitted, room = "", room - length(f"{between}{more}")
    for part in parts:
        added = f"{between}{part}" if fitted else part
        room -= length(added)
        if room < 0:
            return f"{fitted}{between}{more}" if fitted else more
        fitted += added
    return fitted


def element(part: InlineTime | Link) -> str:
    """Return an instant or a link as mrkdwn; only the label for a link that is too long."""
    if isinstance(part, InlineTime):
        return date(part.at)
    url = _without_surrogates(part.url).translate(_URL_ESCAPES)
    label = fit(part.label, limits.BUTTON_TEXT)
    return label if length(url) > limits.URL else f"<{escape(url)}|{label}>"


def date(at: datetime) -> str:
    """Return an instant that Slack shows in the reader's time zone, or in UTC where it cannot."""
    fallback = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def plain(text: str, limit: int) -> dict[str, object]:
    """Return a plain_text object of at most so many units, in which `:smile:` stays text.

    A text without a visible character becomes `…`, because Slack refuses an empty one.
    """
    shown = cut(_without_surrogates(text), limit, utf16)
    return {"type": "plain_text", "text": shown if shown.strip() else MORE, "emoji": False}


def markup(text: str) -> dict[str, object]:
    """Return a mrkdwn object in which Slack turns no word into a link or a mention; the text is escaped already."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def length(text: str) -> int:
    """Return the length of a text in the unit of Slack's limits."""
    return utf16(text)


def fit(text: str, limit: int) -> str:
    """Return the text escaped, cut so that the escaped form fits and no escape is cut in two."""
    return escape(cut(_without_surrogates(text), limit, _escaped_length))


def _escaped_length(text: str) -> int:
    return utf16(escape(text))


def _without_surrogates(text: str) -> str:
    return _HALF_A_PAIR.sub("�", text)
