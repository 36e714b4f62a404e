"""Lines of a card for Jira: clean text, instants in UTC, and no relative times, which become wrong."""

import re
from datetime import UTC
from typing import NamedTuple
from urllib.parse import urlsplit

from escalator.channels.jira import limits
from escalator.model.message import InlineTime, Line, Link
from escalator.rendering.truncate import cut, utf16

_HOW_LONG = re.compile(r"^ \((?:now|in [^()]*)\): ")


class Run(NamedTuple):
    """A run of text, and its link."""

    text: str
    url: str | None = None


def runs(line: Line) -> tuple[Run, ...]:
    """Return the runs of a line.

    Relative times are left out: an issue is read days later without an update.
    """
    parts = []
    previous: object = None
    for part in line:
        text = _HOW_LONG.sub(": ", part) if isinstance(part, str) and isinstance(previous, InlineTime) else part
        parts.append(_run(text))
        previous = part
    return tuple(run for run in parts if run.text)


def _run(part: str | InlineTime | Link) -> Run:
    if isinstance(part, InlineTime):
        return Run(f"{part.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    if isinstance(part, Link):
        return Run(cut(_clean(part.label), limits.PART, utf16), part.url if _may_be_linked(part.url) else None)
    return Run(cut(_clean(part), limits.PART, utf16))


def _clean(text: str) -> str:
    """Return text without control characters, line ends and characters that reorder or hide others."""
    return "".join(char if char.isprintable() else " " for char in text)


def _may_be_linked(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and url.isprintable() and len(url) <= limits.URL
