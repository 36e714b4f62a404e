"""A preview as a table on the command line."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from escalator.commands.text_columns import columns
from escalator.engine.preview import Preview
from escalator.model.incident import Incident
from escalator.model.policy import Policy
from escalator.policy.checks.unsupported_keys import NOT_SUPPORTED
from escalator.policy.parse import ParsedPolicy
from escalator.rendering.preview_text import Firing, firings
from escalator.rendering.push_text import words
from escalator.rendering.view import headline

_HEADINGS = ("WHEN", "AT", "STEP", "WHO", "THROUGH")


def table(preview: Preview, now: datetime, parsed: ParsedPolicy) -> str:
    """Return the text: the incident, who is notified when and by which channel, and what is not supported."""
    incident, policy = preview.incident, parsed.policy
    if incident is None or policy is None:
        return ""
    left_out = [f"  {warning.path}: {warning.right}" for warning in parsed.warnings if warning.what == NOT_SUPPORTED]
    parts = (
        _about(incident, policy),
        _plan(preview, now, policy),
        "\n".join(_afterwards(preview, now, policy)),
        "\n".join(["Not supported yet:", *left_out]) if left_out else "",
    )
    return "\n\n".join(part for part in parts if part)


def _about(incident: Incident, policy: Policy) -> str:
    category = policy.categories.get(incident.category or "")
    route = f'route "{incident.route}"' if incident.route is not None else "no route matches: the default path"
    owner = f", assigned to {incident.assign}" if incident.assign else ", assigned to nobody"
    many = "" if incident.acks_needed == 1 else f", {incident.acks_needed} acknowledgements needed"
    return (
        f"{headline(incident, category)}\n"
        f"  severity: {incident.severity_reason}\n"
        f"  content:  {incident.content_rule.value}\n"
        f"  decided:  {route}, path {incident.path}{owner}{many}"
    )


def _plan(preview: Preview, now: datetime, policy: Policy) -> str:
    rows = [row for firing in firings(preview, now, policy) for row in _row(firing, now, policy)]
    return columns([_HEADINGS, *rows]) if rows else ""


def _row(firing: Firing, now: datetime, policy: Policy) -> Iterator[tuple[str, ...]]:
    step = f"{firing.step}, repeat {firing.repeat}" if firing.repeat else str(firing.step)
    at = firing.at.astimezone(policy.timezone).strftime("%a %H:%M:%S")
    lead: tuple[str, str, str] = (_after(firing.at - now), at, step)
    if firing.silenced_until is not None:
        until = firing.silenced_until.astimezone(policy.timezone).strftime("%a %H:%M:%S")
        yield (*lead, "nobody", f"silenced until {until}")
    notified = [(recipient.who, recipient.through) for recipient in firing.notified]
    for who, through in [*notified, *((f"· {remark}", "") for remark in firing.remarks)]:
        yield (*lead, who, through)
        lead = ("", "", "")


def _after(delay: timedelta) -> str:
    return f"+{words(delay)}" if delay else "at once"


def _afterwards(preview: Preview, now: datetime, policy: Policy) -> Iterator[str]:
    if preview.restart_at is not None:
        at = preview.restart_at.astimezone(policy.timezone).strftime("%a %H:%M:%S")
        yield f"Not acknowledged: restarts from step 1 {_after(preview.restart_at - now)} ({at} {policy.timezone.key})"
    if preview.feeds:
        yield f"Copies to: {', '.join(preview.feeds)}"
