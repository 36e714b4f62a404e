"""Mattermost's Markdown: text without markup, links, and mentions only where intended."""

import re
from datetime import UTC, datetime

from escalator.channels.mattermost import limits
from escalator.model.message import InlineTime, Line, Link
from escalator.rendering.truncate import cut

_SPECIAL = re.compile(r"([\\`*_\[\]|~#>])")
_MENTION = re.compile(r"([@<])(?=\S)")
_NO_LINK = re.compile(r"://")
_APART = "\u200b"
"""A zero-width space: it disables `@channel` and `<!channel>` (Mattermost reads Slack's form, too)."""


def plain(text: str) -> str:
    """Return the text with its markup escaped."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _NO_LINK.sub(f":{_APART}//", _MENTION.sub(rf"\1{_APART}", escaped))


def link(target: Link) -> str:
    """Return a link; without a web address only its label."""
    if not target.url.startswith(("https://", "http://")):
        return plain(target.label)
    address = re.sub(r"[\s()<>\\]", lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), target.url)
    return f"[{plain(target.label)}]({address})"


def line(parts: Line) -> str:
    """Return one line; a long text is cut before it is escaped, so that no link is cut."""
    return "".join(_part(part) for part in parts).strip()


def _part(part: str | InlineTime | Link) -> str:
    if isinstance(part, Link):
        return link(part)
    return clock(part.at) if isinstance(part, InlineTime) else _words(part)


def _words(text: str) -> str:
    """Return a part of a line with the spaces at its ends, which separate it from the next."""
    short = cut(text, limits.LINE)
    start, end = " " * short[:1].isspace(), " " * short[-1:].isspace()
    return f"{start}{plain(short)}{end}" if short.strip() else start


def clock(at: datetime) -> str:
    """Return an instant; a webhook cannot know its reader's time zone."""
    return f"{at.astimezone(UTC):%H:%M} UTC"
