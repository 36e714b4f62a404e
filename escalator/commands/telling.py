"""A preview in words: the JSON of `explain --json`, and the table that people read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from escalator.commands.printing import CHANNELS, columns, stamp
from escalator.engine.change import Notice
from escalator.engine.hours import DURING, OUTSIDE
from escalator.engine.preview import Planned, Preview, Remark
from escalator.engine.targets import PERSON, schedules_asked
from escalator.model.facts import Observation
from escalator.model.incident import Incident, State
from escalator.model.policy import DestinationKind, Policy
from escalator.model.records import Action
from escalator.policy import Parsed
from escalator.rendering.texts import words
from escalator.rendering.view import headline

_SHOWN = frozenset({DestinationKind.SLACK, DestinationKind.EMAIL})
"""Kinds whose addresses are no secrets."""

_NOT_EXECUTED = "is not executed by this version"
_REMARKS = {
    Action.NOBODY_ON_CALL: "{}: nobody is on call, so the next step is due at once",
    Action.NOT_ALLOWED: "{} is not told: the category is restricted",
    Action.TARGET_MISSING: "{}: means nobody",
    Action.STEP_REACHED_NOBODY: "this step reaches nobody, so the next is due at once",
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
        "at": stamp(one.at),
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
    if not found.plan and found.incident.state is State.TRIGGERED:
        return f"Every step of the path {found.incident.path} reaches nobody, and nobody hears of alarms."
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
        _plan(found, now, policy),
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


def _plan(found: Preview, now: datetime, policy: Policy) -> str:
    rows = [row for send in _sends(found) for row in _row(send, now, policy)]
    return columns([_HEADINGS, *rows]) if rows else ""


@dataclass(frozen=True, slots=True)
class _Send:
    """One firing of a step: who is told, if anybody, and what else is to be said of it. `before` is the one before."""

    at: datetime
    before: datetime | None
    step: int
    repeat: int
    told: tuple[Notice, ...]
    silenced_until: datetime | None
    remarks: tuple[Remark, ...]
    incident: Incident


def _sends(found: Preview) -> Iterator[_Send]:
    """Yield every firing in order, also of a step that tells nobody."""
    incident = found.incident
    if incident is None:
        return
    planned = {(one.at, one.step): one for one in found.plan}
    before = None
    for at, step in sorted({*planned, *((one.at, one.step) for one in found.remarks)}):
        remarks = tuple(one for one in found.remarks if (one.at, one.step) == (at, step))
        sent = planned.get((at, step))
        repeat, told, until = (sent.repeat, sent.told, sent.silenced_until) if sent else (0, (), None)
        yield _Send(at, before, step, repeat, told, until, remarks, incident)
        before = at


def _row(send: _Send, now: datetime, policy: Policy) -> Iterator[tuple[str, ...]]:
    step = f"{send.step}, again {send.repeat}" if send.repeat else str(send.step)
    at = send.at.astimezone(policy.timezone).strftime("%a %H:%M:%S")
    lead: tuple[str, str, str] = (_after(send.at - now), at, step)
    if send.silenced_until is not None:
        until = send.silenced_until.astimezone(policy.timezone).strftime("%a %H:%M:%S")
        yield (*lead, "nobody", f"silenced until {until}")
    told = [(_who(notice, send, policy), _through(notice, policy)) for notice in send.told]
    for who, through in [*told, *((said, "") for said in _said(send, now, policy))]:
        yield (*lead, who, through)
        lead = ("", "", "")


def _after(delay: timedelta) -> str:
    return f"+{words(delay)}" if delay else "at once"


def _who(notice: Notice, send: _Send, policy: Policy) -> str:
    recipient = notice.recipient
    if recipient.person is None:
        return recipient.target
    name = policy.people[recipient.person].name
    if recipient.target == f"person:{recipient.person}":
        return name
    if any(one.action is Action.NOBODY_ON_CALL and one.target == recipient.target for one in send.remarks):
        return f"{name} ({recipient.target}: nobody is on call, the lead stands in)"
    has_rota = schedules_asked((recipient.target,), send.incident.assign, policy)
    return f"{name} ({recipient.target}{', on call' if has_rota else ''})"


def _through(notice: Notice, policy: Policy) -> str:
    kind, destination = notice.recipient.kind, policy.destinations.get(notice.recipient.target)
    if destination is None:
        return f"{CHANNELS[kind]}, direct message" if kind is DestinationKind.SLACK else CHANNELS[kind]
    address = f" {notice.recipient.address}" if kind in _SHOWN else ""
    fallback = f"; if that fails, {destination.fallback}" if destination.fallback else ""
    return f"{CHANNELS[kind]}{address}{fallback}"


def _said(send: _Send, now: datetime, policy: Policy) -> Iterator[str]:
    """Yield what else is to be said of a send: what it waited for, who is not told, and why."""
    waited = _waited_for(send, now, policy)
    if waited:
        yield f"· waited for its hours: {waited}"
    yield from (f"· {_REMARKS[one.action].format(_named(one.target, policy))}" for one in send.remarks)


def _waited_for(send: _Send, now: datetime, policy: Policy) -> str:
    """Return the hours that a step waited for; nothing where a delay says why it fires when it does."""
    step = policy.paths[send.incident.path][send.step - 1]
    before = send.before or now
    if send.at in {before, before + step.after}:
        return ""
    hours = (f"{name} {key}" for name, key in ((DURING, step.during), (OUTSIDE, step.outside)) if key)
    return ", ".join(hours)


def _named(target: str, policy: Policy) -> str:
    person = policy.people.get(target.removeprefix(PERSON)) if target.startswith(PERSON) else None
    return person.name if person else target


def _afterwards(found: Preview, now: datetime, policy: Policy) -> Iterator[str]:
    if found.restart_at is not None:
        at = found.restart_at.astimezone(policy.timezone).strftime("%a %H:%M:%S")
        yield f"Still no answer: again from the top {_after(found.restart_at - now)} ({at} {policy.timezone.key})"
    if found.feeds:
        yield f"Copies to: {', '.join(found.feeds)}"
