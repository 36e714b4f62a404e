"""What happens next to an incident if nobody acts: instants, and whom they would notify."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.engine.incident_change import PolicyPair
from escalator.engine.preview import PlannedSend, remaining_plan
from escalator.model.incident import DueKind, Incident
from escalator.model.policy import Policy
from escalator.rendering.targets import target_words
from escalator.rendering.view import display_name

_MOST_SENDS = 12


@dataclass(frozen=True, slots=True)
class Coming:
    """One future event: when, what, and whom it would notify now (empty for nobody)."""

    at: datetime
    what: str
    who: tuple[str, ...] = ()


def coming(incident: Incident, rules: PolicyPair, now: datetime) -> tuple[Coming, ...]:
    """Return what the deadlines do to an incident that nobody touches, in order; empty without a deadline."""
    return tuple(_coming(incident, rules, now))


def _coming(incident: Incident, rules: PolicyPair, now: datetime) -> Iterator[Coming]:
    due, owner = incident.due_at, display_name(incident.owner, rules.running) if incident.owner else "The team"
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


def _path(incident: Incident, rules: PolicyPair, now: datetime) -> Iterator[Coming]:
    if incident.due_kind is DueKind.RESTART and incident.due_at is not None:
        yield _restart(incident.due_at, rules)
        return
    remaining = remaining_plan(incident, rules, now, most=_MOST_SENDS)
    for send in remaining.plan:
        yield Coming(send.at, _step(send), _who(send, rules.running))
    if remaining.restart_at is not None:
        yield _restart(remaining.restart_at, rules)


def _restart(at: datetime, rules: PolicyPair) -> Coming:
    tell = rules.frozen.unanswered.tell
    return Coming(at, "Restarts from step 1", (target_words(tell, None, rules.running),) if tell else ())


def _step(send: PlannedSend) -> str:
    text = f"Step {send.step}" if not send.repeat else f"Step {send.step}, repeat {send.repeat}"
    return f"{text}: silenced, not sent" if send.silenced_until else text


def _who(send: PlannedSend, policy: Policy) -> tuple[str, ...]:
    recipients = (notice.recipient for notice in send.notices)
    return tuple(
        dict.fromkeys(
            display_name(recipient.person, policy) if recipient.person else recipient.destination
            for recipient in recipients
        )
    )
