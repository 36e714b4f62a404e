"""The plan of a preview in words: for every firing of a step, who is told through what, and what else is to be said."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.hours import DURING, OUTSIDE
from escalator.engine.incident_change import NotificationRequest
from escalator.engine.preview import PlanRemark, Preview
from escalator.engine.targets import schedules_of_targets
from escalator.model.audit import AuditAction
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Incident
from escalator.model.policy import Policy

_REMARKS = {
    AuditAction.NOBODY_ON_CALL: "{}: nobody is on call, so the next step is due at once",
    AuditAction.NOT_ALLOWED: "{} is not notified: the category is restricted",
    AuditAction.TARGET_MISSING: "{}: reaches nobody",
    AuditAction.STEP_REACHED_NOBODY: "this step reaches nobody, so the next is due at once",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One who is told by a firing, and through what."""

    who: str
    through: str


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of a step, the first is 1: who is told, if anybody, and what else is to be said of it."""

    at: datetime
    step: int
    repeat: int
    told: tuple[Told, ...]
    silenced_until: datetime | None
    remarks: tuple[str, ...]


def firings(found: Preview, now: datetime, policy: Policy) -> Iterator[Firing]:
    """Yield every firing of an unanswered pass in order, also of a step that tells nobody. `now` is the acceptance."""
    incident = found.incident
    if incident is None:
        return
    planned = {(one.at, one.step): one for one in found.plan}
    before = now
    for at, step in sorted({*planned, *((one.at, one.step) for one in found.remarks)}):
        remarks = tuple(one for one in found.remarks if (one.at, one.step) == (at, step))
        sent = planned.get((at, step))
        yield Firing(
            at=at,
            step=step,
            repeat=sent.repeat if sent else 0,
            told=tuple(_told(one, incident, remarks, policy) for one in sent.told) if sent else (),
            silenced_until=sent.silenced_until if sent else None,
            remarks=(*_waited_for(at, step, before, incident, policy), *_said(remarks, policy)),
        )
        before = at


def _told(notice: NotificationRequest, incident: Incident, remarks: tuple[PlanRemark, ...], policy: Policy) -> Told:
    return Told(_who(notice, incident, remarks, policy), _through(notice, policy))


def _who(notice: NotificationRequest, incident: Incident, remarks: tuple[PlanRemark, ...], policy: Policy) -> str:
    recipient = notice.recipient
    if recipient.person is None:
        return recipient.target
    name = policy.people[recipient.person].name
    if not recipient.may_acknowledge:
        return f"{name} (notified too, but may not acknowledge)"
    if recipient.target == f"{PERSON_PREFIX}{recipient.person}":
        return name
    if any(one.action is AuditAction.NOBODY_ON_CALL and one.target == recipient.target for one in remarks):
        return f"{name} ({recipient.target}: nobody on call, so the lead)"
    has_rota = schedules_of_targets((recipient.target,), incident.assign, policy)
    return f"{name} ({recipient.target}{', on call' if has_rota else ''})"


def _through(notice: NotificationRequest, policy: Policy) -> str:
    kind, destination = notice.recipient.kind, policy.destinations.get(notice.recipient.target)
    if destination is None:
        return f"{kind.about.title}, direct message" if kind is DestinationKind.SLACK else kind.about.title
    address = "" if kind.about.has_secret_address else f" {notice.recipient.address}"
    fallback = f"; if that fails, {destination.fallback}" if destination.fallback else ""
    return f"{kind.about.title}{address}{fallback}"


def _waited_for(at: datetime, number: int, before: datetime, incident: Incident, policy: Policy) -> Iterator[str]:
    """Yield the hours that a step waited for; nothing where a delay says why it fires when it does."""
    step = policy.paths[incident.path][number - 1]
    hours = [f"{name} {key}" for name, key in ((DURING, step.during), (OUTSIDE, step.outside)) if key]
    if hours and at not in {before, before + step.after}:
        yield f"waited for hours: {', '.join(hours)}"


def _said(remarks: tuple[PlanRemark, ...], policy: Policy) -> Iterator[str]:
    """Yield who is not told, and why."""
    yield from (_REMARKS[one.action].format(_named(one.target, policy)) for one in remarks)


def _named(target: str, policy: Policy) -> str:
    person = policy.people.get(target.removeprefix(PERSON_PREFIX)) if target.startswith(PERSON_PREFIX) else None
    return person.name if person else target
