"""A notification as PagerDuty's trigger event, within its limits.

Fields: developer.pagerduty.com, "Send an alert event" and "Events API v2 overview" (PD-CEF).
"""

import re
from collections.abc import Iterable
from datetime import UTC

from escalator.channels.contract import Notification
from escalator.channels.pagerduty import limits
from escalator.channels.pagerduty.api import TRIGGER, Event
from escalator.model.levels import Severity
from escalator.model.message import IncidentStatus, InlineTime, Line, Link, Occasion
from escalator.rendering.truncate import MORE, cut, utf16

CLIENT = "Moderation Escalator"
SOURCE = "moderation-escalator"
GROUP = "moderation"

SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
    Severity.UNKNOWN: "error",
}
"""PagerDuty's four severities. An unknown severity is not harmless, so it counts as a high one."""

# 5 min, 1 h 5 min; (in 3 min), (now); account created today, account 40 days old.
_PASSING = re.compile(r"\((?:in [^()]*|now)\)|\d+ (?:s|min|h|d)\b(?: \d+ (?:min|h)\b)?|created today|\d+ days? old")


def trigger(notification: Notification, key: str) -> Event:
    """Return the event that opens an alert under this key, or updates an open one."""
    links = _links(notification.card.lines)
    event: Event = {
        "event_action": TRIGGER,
        "dedup_key": key,
        "payload": {
            "summary": cut(notification.card.text, limits.SUMMARY) or MORE,
            "timestamp": notification.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            **_graded(notification),
            "source": SOURCE,
            "group": GROUP,
            "custom_details": _details(notification),
        },
        "client": CLIENT,
        "links": [{"href": link.url, "text": cut(link.label, limits.FIELD, utf16)} for link in links],
    }
    return {**event, "client_url": links[0].url} if links else event


def without_times(event: Event) -> Event:
    """Return the parts of a trigger event that do not change with time alone: no timestamp, no durations."""
    payload = {name: _timeless(value) for name, value in event["payload"].items() if name != "timestamp"}
    return {**event, "payload": payload}


def _graded(notification: Notification) -> dict[str, str]:
    """Return severity, class (the kind) and component (the incident)."""
    if notification.occasion is Occasion.TEST:
        return {"severity": "info", "class": "test", "component": "destination"}
    status = notification.standing
    if notification.card.severity is not None:
        return {"severity": SEVERITIES[notification.card.severity], "class": "list", "component": "incidents"}
    if status is None:
        return {"severity": "error", "class": "alarm", "component": "escalator"}
    return {
        "severity": SEVERITIES[status.severity],
        "class": cut(_title(status), limits.FIELD, utf16),
        "component": f"incident-{status.number}",
    }


def _title(status: IncidentStatus) -> str:
    """Return the category's title: the part after the severity in the headline."""
    _, is_there, title = status.headline.partition(f"{status.severity.value.upper()} · ")
    return title if is_there else status.headline


def _details(notification: Notification) -> dict[str, object]:
    words = "\n".join(text for line in notification.card.lines if (text := _plain(line)))
    details: dict[str, object] = {"details": cut(words, limits.DETAILS, utf16)}
    if notification.standing is not None:
        details |= {
            "incident": notification.standing.number,
            "round": notification.standing.round,
            "severity": notification.standing.severity.value,
        }
    return details


def _plain(line: Line) -> str:
    """Return a line as text; a line of links only is left out, because they are among the links."""
    if any(isinstance(part, Link) for part in line) and not any(_has_text(part) for part in line):
        return ""
    return "".join(_word(part) for part in line)


def _has_text(part: str | InlineTime | Link) -> bool:
    return isinstance(part, InlineTime) or (isinstance(part, str) and any(char.isalnum() for char in part))


def _word(part: str | InlineTime | Link) -> str:
    if isinstance(part, InlineTime):
        return f"{part.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return part.label if isinstance(part, Link) else part


def _links(lines: Iterable[Line]) -> list[Link]:
    links = [part for line in lines for part in line if isinstance(part, Link)]
    return [link for link in links if _is_address(link.url)][: limits.LINKS]


def _is_address(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= limits.URL and url.isascii()


def _timeless(value: object) -> object:
    if isinstance(value, dict):
        return {name: _timeless(part) for name, part in value.items()}
    return _PASSING.sub("…", value) if isinstance(value, str) else value
