"""What PagerDuty's Events API v2 refuses (developer.pagerduty.com, "Send an alert event"): one problem a line."""

import re
from datetime import datetime

MAX_BYTES = 512 * 1024
MAX_SUMMARY = 1024
MAX_DEDUP_KEY = 255
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")

_FIELDS = {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"}
_PAYLOAD = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}


def problems(event):
    """Yield what is wrong with an event; one that is missing its payload is told so once."""
    if not isinstance(event, dict):
        yield "Event must be an object"
        return
    yield from _routing_key(event.get("routing_key"))
    yield from (f"'{name}' is no field of an event" for name in event.keys() - _FIELDS)
    if event.get("event_action") not in ACTIONS:
        yield f"'event_action' is invalid (must be one of the following: {', '.join(ACTIONS)})"
    yield from _dedup_key(event)
    yield from (f"'{name}' is not a string" for name in ("client", "client_url") if not _is_text(event.get(name, "")))
    yield from _listed(event, "links", "href", ("http://", "https://"))
    yield from _listed(event, "images", "src", ("https://",))
    if event.get("event_action") == "trigger":
        yield from _payload(event.get("payload"))


def _routing_key(key):
    if not isinstance(key, str) or len(key) != 32:
        yield "Length of 'routing_key' is incorrect (should be 32 characters)"
    if not isinstance(key, str) or not re.fullmatch("[A-Za-z0-9]*", key):
        yield "'routing_key' cannot contain non-alphanumeric characters."


def _dedup_key(event):
    key = event.get("dedup_key")
    if key is None and event.get("event_action") != "trigger":
        yield "'dedup_key' is missing or blank"
    elif key is not None and (not isinstance(key, str) or not 0 < len(key) <= MAX_DEDUP_KEY):
        yield f"Length of 'dedup_key' is incorrect (should be at most {MAX_DEDUP_KEY} characters)"


def _payload(payload):
    if not isinstance(payload, dict):
        yield "'payload' is missing or blank"
        return
    yield from (f"'payload.{name}' is no field of a payload" for name in payload.keys() - _PAYLOAD)
    for name in ("summary", "source", "severity"):
        if not _is_text(payload.get(name)) or not payload[name]:
            yield f"'payload.{name}' is missing or blank"
    if len(payload.get("summary") or "") > MAX_SUMMARY:
        yield f"'payload.summary' is too long (should be at most {MAX_SUMMARY} characters)"
    if payload.get("severity") not in SEVERITIES:
        yield f"'payload.severity' is invalid (must be one of the following: {', '.join(SEVERITIES)})"
    yield from _optional(payload)


def _optional(payload):
    for name in ("component", "group", "class"):
        if not _is_text(payload.get(name, "")):
            yield f"'payload.{name}' is not a string"
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "'payload.custom_details' is not an object"
    if "timestamp" in payload and not _is_instant(payload["timestamp"]):
        yield "'payload.timestamp' is not an ISO 8601 instant"


def _listed(event, name, address, schemes):
    listed = event.get(name, [])
    if not isinstance(listed, list):
        yield f"'{name}' is not an array"
        return
    for one in listed:
        if not isinstance(one, dict) or not str(one.get(address, "")).startswith(schemes):
            yield f"'{name}.{address}' is missing or blank"


def _is_text(value):
    return isinstance(value, str)


def _is_instant(value):
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False
