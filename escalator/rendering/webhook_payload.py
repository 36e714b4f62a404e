"""The payload of outgoing webhooks and feeds: keys, ids, figures; content only for destinations that ask for it.

`docs/feeds.schema.json` describes it: every key is always there, with null for what is unknown or may not be shown. The
content rule holds as for every reader (RULES 5): for withheld content there are our number, category, severity, state
and times; for hidden content also ids and counters; content that may be shown only for destinations that ask for it.
"""

from datetime import UTC, datetime, timedelta

from escalator.model.incident import CLOSED_STATES, Incident
from escalator.model.levels import ContentRule
from escalator.rendering.redaction import NAME_CHARS, SNIPPET_CHARS, one_line
from escalator.rendering.view import View

ID_CHARS = 256
WORD_CHARS = 40
MOST_VALUES = 10
_MOST_DIGITS = 9


def data(view: View) -> dict[str, object]:
    """Return the `data` of an outgoing webhook; its size is bounded."""
    rule = view.rule
    payload = _plain(view) | _times(view) | dict.fromkeys((*_OURS, *_STREAMS, *_CONTENT))
    if rule is not ContentRule.WITHHOLD:
        payload |= _ours(view) | _streams(view.incident)
    if rule is ContentRule.SHOW and view.wants_content:
        payload |= _content(view.incident)
    return payload


def _plain(view: View) -> dict[str, object]:
    incident = view.incident
    return {
        "number": incident.number,
        "state": incident.state.value,
        "category": incident.category,
        "severity": incident.severity.value,
        "content": view.rule.value,
        "is_test": view.is_test,
        "is_drill": view.is_drill,
        "group": view.others.group,
        "members": incident.member_count,
    }


def _times(view: View) -> dict[str, object]:
    incident = view.incident
    over_at = incident.closed_at if incident.state in CLOSED_STATES else None
    taken_at = incident.acknowledged_at
    return {
        "opened_at": _iso(incident.opened_at),
        "waiting_since": _iso(view.since),
        "acknowledged_at": _iso(taken_at),
        "resolved_at": _iso(over_at),
        "seconds_to_acknowledge": None if taken_at is None else _seconds(taken_at - view.since),
        "seconds_to_resolve": None if over_at is None else _seconds(over_at - incident.opened_at),
    }


_OURS = (
    "source",
    "severity_reason",
    "route",
    "path",
    "round",
    "step",
    "sending",
    "owner",
    "actor",
    "outcome",
    "merged_into",
)


def _ours(view: View) -> dict[str, object]:
    incident = view.incident
    is_over = incident.state in CLOSED_STATES
    round_, step, sending = view.rung or (incident.round, incident.step, incident.send_number)
    return {
        "source": incident.source,
        "severity_reason": one_line(incident.severity_reason, SNIPPET_CHARS) or None,
        "route": incident.route,
        "path": incident.path or None,
        "round": round_,
        "step": step + 1 if step >= 0 else None,
        "sending": sending if step >= 0 else None,
        "owner": incident.owner,
        "actor": view.actor or (incident.closed_by if is_over else incident.owner),
        "outcome": incident.outcome.value if incident.outcome else None,
        "merged_into": view.others.merged_into,
    }


_STREAMS = (
    "kinds",
    "languages",
    "action",
    "actions",
    "item_id",
    "entity_type",
    "entity_id",
    "author_id",
    "reports",
    "flagged_before",
)


def _streams(incident: Incident) -> dict[str, object]:
    facts, newest = incident.facts, incident.facts.latest.get("recommended_action")
    ids = {name: incident.links.get(name, "") for name in ("item_id", "entity_type", "entity_id")}
    ids["author_id"] = incident.content["author_id"] or incident.links.get("user_id", "")
    return {
        "kinds": _words(facts.values("kind")),
        "languages": _words(facts.values("language")),
        "action": one_line(newest[1], WORD_CHARS) or None if newest else None,
        "actions": _words(facts.values("action")),
        **{name: one_line(id_value, ID_CHARS) or None for name, id_value in ids.items()},
        "reports": len(facts.values("report")),
        "flagged_before": _count(incident.content["flagged_before"]),
    }


_CONTENT = ("author_name", "snippet")


def _content(incident: Incident) -> dict[str, object]:
    return {
        "author_name": one_line(incident.content["author_name"], NAME_CHARS) or None,
        "snippet": one_line(incident.content["text"], SNIPPET_CHARS) or None,
    }


def _words(values: frozenset[str]) -> list[str]:
    return [one_line(word, WORD_CHARS) for word in sorted(values)[:MOST_VALUES]]


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _seconds(span: timedelta) -> float:
    return round(max(0.0, span.total_seconds()), 3)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
