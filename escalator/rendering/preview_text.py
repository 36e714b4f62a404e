"""The plan of a preview in words: for every firing of a step, who is notified by which channel, and remarks."""

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
class NotifiedRecipient:
    """A recipient of a firing, and the channel."""

    who: str
    through: str


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of a step, the first is 1: the recipients, if any, and remarks."""

    at: datetime
    step: int
    repeat: int
    notified: tuple[NotifiedRecipient, ...]
    silenced_until: datetime | None
    remarks: tuple[str, ...]


def firings(preview: Preview, now: datetime, policy: Policy) -> Iterator[Firing]:
    """Yield every firing of an unanswered pass in order, also of a step that notifies nobody. `now` is the
    acceptance.
    """
    incident = preview.incident
    if incident is None:
        return
    planned = {(send.at, send.step): send for send in preview.plan}
    before = now
    for at, step in sorted({*planned, *((remark.at, remark.step) for remark in preview.remarks)}):
        remarks = tuple(remark for remark in preview.remarks if (remark.at, remark.step) == (at, step))
        sent = planned.get((at, step))
        yield Firing(
            at=at,
            step=step,
            repeat=sent.repeat if sent else 0,
            notified=tuple(_notified(notice, incident, remarks, policy) for notice in sent.notices) if sent else (),
            silenced_until=sent.silenced_until if sent else None,
            remarks=(*_waited_for(at, step, before, incident, policy), *_remark_lines(remarks, policy)),
        )
        before = at


def _notified(
    notice: NotificationRequest, incident: Incident, remarks: tuple[PlanRemark, ...], policy: Policy
) -> NotifiedRecipient:
    return NotifiedRecipient(_who(notice, incident, remarks, policy), _through(notice, policy))


def _who(notice: NotificationRequest, incident: Incident, remarks: tuple[PlanRemark, ...], policy: Policy) -> str:
    recipient = notice.recipient
    if recipient.person is None:
        return recipient.target
    name = policy.people[recipient.person].name
    if not recipient.may_acknowledge:
        return f"{name} (notified too, but may not acknowledge)"
    if recipient.target == f"{PERSON_PREFIX}{recipient.person}":
        return name
    if any(remark.action is AuditAction.NOBODY_ON_CALL and remark.target == recipient.target for remark in remarks):
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
    """Yield the hours that a step waited for; nothing where the delay alone explains when it fires."""
    step = policy.paths[incident.path][number - 1]
    hours = [f"{name} {key}" for name, key in ((DURING, step.during), (OUTSIDE, step.outside)) if key]
    if hours and at not in {before, before + step.after}:
        yield f"waited for hours: {', '.join(hours)}"


def _remark_lines(remarks: tuple[PlanRemark, ...], policy: Policy) -> Iterator[str]:
    """Yield who is not notified, and why."""
    yield from (_REMARKS[remark.action].format(_named(remark.target, policy)) for remark in remarks)


def _named(target: str, policy: Policy) -> str:
    person = policy.people.get(target.removeprefix(PERSON_PREFIX)) if target.startswith(PERSON_PREFIX) else None
    return person.name if person else target
