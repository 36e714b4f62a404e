"""A preview in words: the JSON of `explain --json`, and the table that people read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from escalator.engine.change import Notice
from escalator.engine.preview import Planned, Preview
from escalator.model.facts import Observation
from escalator.model.incident import Incident, State
from escalator.model.policy import DestinationKind, Policy
from escalator.policy import Parsed
from escalator.rendering.texts import words
from escalator.rendering.view import headline

_EXECUTED = frozenset({DestinationKind.SLACK})
_NOT_EXECUTED = "is not executed by this version"
_KINDS = {
    DestinationKind.SLACK: "Slack",
    DestinationKind.PAGERDUTY: "PagerDuty",
    DestinationKind.EMAIL: "email",
    DestinationKind.JIRA: "Jira",
    DestinationKind.WEBHOOK: "webhook",
}
_HEADINGS = ("WHEN", "AT", "STEP", "WHO", "THROUGH")


def document(found: Preview | None, now: datetime) -> dict[str, Any]:
    """Return the JSON object of RULES 6; for an event that opens nothing, the same keys with nothing in them."""
    incident = found.incident if found else None
    if found is None or incident is None:
        keys = ("category", "severity", "severity_reason", "content", "route", "default", "assign", "acknowledgements")
        return {**dict.fromkeys(keys), "plan": [], "feeds": []}
    return {
        "category": incident.category,
        "severity": incident.severity.value,
        "severity_reason": incident.severity_reason,
        "content": incident.content_rule.value,
        "route": incident.route,
        "default": incident.route is None,
        "assign": incident.assign,
        "acknowledgements": incident.acks_needed,
        "plan": [_sent(one, now) for one in found.plan],
        "feeds": list(found.feeds),
    }


def _sent(one: Planned, now: datetime) -> dict[str, Any]:
    return {
        "offset_s": int((one.at - now).total_seconds()),
        "at": one.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "step": one.step,
        "repeat": one.repeat,
        "notify": [_told(notice) for notice in one.told],
    }


def _told(notice: Notice) -> dict[str, str | None]:
    recipient = notice.recipient
    return {"target": recipient.target, "kind": recipient.kind.value, "person": recipient.person}


def silence(found: Preview | None, observation: Observation | None) -> str | None:
    """Return why nobody is told, or None when somebody is."""
    if observation is None:
        return "This event means nothing here: it is counted, and only its type, id, time and hash are kept."
    if found is None or found.incident is None:
        return f"{observation.event_type} opens no incident: it is only recorded on one that is open already."
    if found.incident.state is State.LOGGED:
        return f"The path {found.incident.path} has no steps: the incident is only logged, and nobody is told."
    if not found.plan:
        state = found.incident.state
        return f"This is a review of an item never seen: its incident opens as {state}, and nobody is told."
    return None


def table(found: Preview, now: datetime, parsed: Parsed) -> str:
    """Return what people read: what it is, who is told when and through what, and what this version leaves out."""
    incident, policy = found.incident, parsed.policy
    if incident is None or policy is None:
        return ""
    left_out = [f"  {one.path}: {one.right}" for one in parsed.warnings if one.what == _NOT_EXECUTED]
    parts = (
        _about(incident, policy),
        "\n".join(_rows(found, now, policy)),
        "\n".join(_afterwards(found, now, policy)),
        "\n".join(["Not executed by this version:", *left_out]) if left_out else "",
    )
    return "\n\n".join(part for part in parts if part)


def _about(incident: Incident, policy: Policy) -> str:
    category = policy.categories.get(incident.category or "")
    route = f'route "{incident.route}"' if incident.route is not None else "no route took it: the default path"
    owner = f", assigned to {incident.assign}" if incident.assign else ", assigned to nobody"
    many = "" if incident.acks_needed == 1 else f", {incident.acks_needed} acknowledgements needed"
    return (
        f"{headline(incident, category)}\n"
        f"  severity: {incident.severity_reason}\n"
        f"  content:  {incident.content_rule.value}\n"
        f"  decided:  {route}, path {incident.path}{owner}{many}"
    )


def _rows(found: Preview, now: datetime, policy: Policy) -> Iterator[str]:
    if not found.plan:
        return
    rows = [_HEADINGS, *(row for one in found.plan for row in _row(one, now, policy))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(one: Planned, now: datetime, policy: Policy) -> Iterator[tuple[str, ...]]:
    step = f"{one.step}, again {one.repeat}" if one.repeat else str(one.step)
    at = one.at.astimezone(policy.timezone).strftime("%a %H:%M:%S")
    lead: tuple[str, str, str] = (_after(one.at - now), at, step)
    for notice in one.told:
        yield (*lead, _who(notice, policy), _through(notice, policy))
        lead = ("", "", "")


def _after(delay: timedelta) -> str:
    return f"+{words(delay)}" if delay else "at once"


def _who(notice: Notice, policy: Policy) -> str:
    recipient = notice.recipient
    if recipient.person is None:
        return recipient.target
    name = policy.people[recipient.person].name
    return name if recipient.target == f"person:{recipient.person}" else f"{name} ({recipient.target})"


def _through(notice: Notice, policy: Policy) -> str:
    kind, destination = notice.recipient.kind, policy.destinations.get(notice.recipient.target)
    if kind not in _EXECUTED:
        fallback = f"; then {destination.fallback}" if destination and destination.fallback else ""
        return f"{_KINDS[kind]}: not executed, fails at once{fallback}"
    return f"{_KINDS[kind]} {', '.join(destination.addresses)}" if destination else f"{_KINDS[kind]}, direct message"


def _afterwards(found: Preview, now: datetime, policy: Policy) -> Iterator[str]:
    if found.restart_at is not None:
        at = found.restart_at.astimezone(policy.timezone).strftime("%a %H:%M:%S")
        yield f"Still no answer: again from the top {_after(found.restart_at - now)} ({at} {policy.timezone.key})"
    if found.feeds:
        yield f"Copies to: {', '.join(found.feeds)}"
