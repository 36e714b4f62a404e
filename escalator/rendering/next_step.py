"""What comes next for an incident if nobody does anything: instants, and whom they mean now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.engine.incident_change import Rules
from escalator.engine.preview import PlannedSend, remaining_plan
from escalator.model.incident import DueKind, Incident
from escalator.model.policy import Policy
from escalator.rendering.targets import target_words
from escalator.rendering.view import called

_MOST_SENDS = 12


@dataclass(frozen=True, slots=True)
class Coming:
    """One thing that comes: when, what, and whom it means as things stand (nobody where it tells nobody)."""

    at: datetime
    what: str
    who: tuple[str, ...] = ()


def coming(incident: Incident, rules: Rules, now: datetime) -> tuple[Coming, ...]:
    """Return what the clock does to an incident that nobody touches, in order; nothing where no clock runs."""
    return tuple(_coming(incident, rules, now))


def _coming(incident: Incident, rules: Rules, now: datetime) -> Iterator[Coming]:
    due, owner = incident.due_at, called(incident.owner, rules.running) if incident.owner else "The team"
    if due is None:
        return
    match incident.due_kind:
        case DueKind.REMIND:
            rule = rules.frozen.acknowledged
            yield Coming(due, f"{owner} is reminded")
            yield _overdue(due + (rule.remind if rule and rule.remind else timedelta(0)))
        case DueKind.RESOLVE_WITHIN:
            yield _overdue(due)
        case DueKind.SNOOZE_END:
            yield Coming(due, "Snooze ends: restarts from step 1")
        case _:
            yield from _path(incident, rules, now)


def _overdue(at: datetime) -> Coming:
    return Coming(at, "If not resolved by then, it restarts from step 1")


def _path(incident: Incident, rules: Rules, now: datetime) -> Iterator[Coming]:
    if incident.due_kind is DueKind.RESTART and incident.due_at is not None:
        yield _restart(incident.due_at, rules)
        return
    rest = remaining_plan(incident, rules, now, most=_MOST_SENDS)
    for one in rest.plan:
        yield Coming(one.at, _step(one), _who(one, rules.running))
    if rest.restart_at is not None:
        yield _restart(rest.restart_at, rules)


def _restart(at: datetime, rules: Rules) -> Coming:
    tell = rules.frozen.unanswered.tell
    return Coming(at, "Restarts from step 1", (target_words(tell, None, rules.running),) if tell else ())


def _step(one: PlannedSend) -> str:
    said = f"Step {one.step}" if not one.repeat else f"Step {one.step}, repeat {one.repeat}"
    return f"{said}: silenced, not sent" if one.silenced_until else said


def _who(one: PlannedSend, policy: Policy) -> tuple[str, ...]:
    told = (notice.recipient for notice in one.told)
    return tuple(dict.fromkeys(called(to.person, policy) if to.person else to.destination for to in told))
