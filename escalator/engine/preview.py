"""What would happen to an event or incident if nobody answered: the live engine, run ahead of the clock."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from escalator.engine.apply_event import open_incident, opens_incident
from escalator.engine.categorize import assess
from escalator.engine.deadlines import fire_deadline
from escalator.engine.incident_change import Change, NotificationRequest, PolicyPair
from escalator.engine.routing import RoutingSubject, all_conditions_hold
from escalator.model.audit import AuditAction
from escalator.model.facts import Observation
from escalator.model.incident import DueKind, Incident
from escalator.model.levels import Mode
from escalator.model.message import Occasion
from escalator.model.policy import Policy
from escalator.model.schedule import Calendars
from escalator.model.silence import Silence

NO_ID = UUID(int=0)
"""The id of incidents and policies that are in no database."""

_MOST_SENDS = 500
_GOES_ON = frozenset({DueKind.STEP, DueKind.SILENCE_END})
_REMARKABLE = frozenset(
    {AuditAction.NOBODY_ON_CALL, AuditAction.NOT_ALLOWED, AuditAction.TARGET_MISSING, AuditAction.STEP_REACHED_NOBODY}
)


@dataclass(frozen=True, slots=True)
class PlannedSend:
    """One send of one step: when, and to whom; to nobody when a silence replaces it, until `silenced_until`."""

    at: datetime
    step: int
    repeat: int
    notices: tuple[NotificationRequest, ...]
    silenced_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanRemark:
    """Why a send goes to others than its step names: `action` is what the engine records of `target`."""

    at: datetime
    step: int
    action: AuditAction
    target: str


@dataclass(frozen=True, slots=True)
class RemainingPlan:
    """One unanswered pass through the rest of a path: its sends, and the incident after them.

    `restart_at` is when the path would begin again.
    """

    incident: Incident
    plan: tuple[PlannedSend, ...]
    remarks: tuple[PlanRemark, ...] = ()

    @property
    def restart_at(self) -> datetime | None:
        """Return when the path restarts; None when it does not."""
        return self.incident.due_at if self.incident.due_kind is DueKind.RESTART else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What an event would do under a policy: the incident as opened (None: it opens none), its sends, its feeds.

    A send that notifies nobody is not in the plan; `remarks` say why.
    """

    incident: Incident | None
    plan: tuple[PlannedSend, ...]
    restart_at: datetime | None
    feeds: tuple[str, ...]
    remarks: tuple[PlanRemark, ...] = ()


def preview(  # noqa: PLR0913  # the last two are not in the policy and may be left out
    observation: Observation,
    source: str,
    policy: Policy,
    now: datetime,
    calendars: Calendars | None = None,
    silences: tuple[Silence, ...] = (),
) -> Preview:
    """Return the plan of one unanswered pass through the path, for an event accepted at that time.

    `silences` are those that people have started, in addition to the policy's own.
    """
    if not opens_incident(observation, policy):
        return Preview(None, (), None, ())
    rules = PolicyPair(policy, policy, NO_ID, calendars or {}, (*policy.silences, *silences))
    change = open_hypothetical_incident(observation, source, rules, now)
    opened, remaining = change.incident, remaining_plan(change.incident, rules, now, most=_MOST_SENDS)
    planned, remarks = (*_sends(change, now), *remaining.plan), (*_remarks(change, now), *remaining.remarks)
    subject = RoutingSubject(source, opened.facts, assess(opened.facts, policy), now)
    feeds = tuple(feed.to for feed in policy.feeds if all_conditions_hold(feed.when, subject, policy))
    return Preview(opened, planned, remaining.restart_at, feeds, remarks)


def remaining_plan(incident: Incident, rules: PolicyPair, now: datetime, *, most: int) -> RemainingPlan:
    """Return what follows from the present state of an incident if nobody answers: at most `most` sends.

    Overdue deadlines fire now.
    """
    planned: list[PlannedSend] = []
    remarks: list[PlanRemark] = []
    while incident.due_kind in _GOES_ON and incident.due_at is not None and len(planned) < most:
        at = max(incident.due_at, now)
        change = fire_deadline(incident.changed(due_at=at), rules, at)
        planned += _sends(change, at)
        remarks += _remarks(change, at)
        incident = change.incident
    return RemainingPlan(incident, tuple(planned), tuple(remarks))


def open_hypothetical_incident(observation: Observation, source: str, rules: PolicyPair, now: datetime) -> Change:
    """Return the incident that an event accepted at that time would open, as the live engine opens it."""
    return open_incident(Incident(NO_ID, 0, source, Mode.SANDBOX, NO_ID, now), observation, rules, now)


def _sends(change: Change, at: datetime) -> list[PlannedSend]:
    notices = tuple(step_notice for step_notice in change.notices if step_notice.occasion is Occasion.STEP)
    if notices:
        return [PlannedSend(at, notices[0].step + 1, notices[0].sending - 1, notices)]
    records = (entry.after for entry in change.entries if entry.action is AuditAction.STEP_SILENCED)
    return [
        PlannedSend(at, int(record["step"]), int(record["sending"]) - 1, (), datetime.fromisoformat(record["until"]))
        for record in records
    ]


def _remarks(change: Change, at: datetime) -> list[PlanRemark]:
    step = change.incident.step + 1
    return [
        PlanRemark(at, step, entry.action, entry.after.get("target", ""))
        for entry in change.entries
        if entry.action in _REMARKABLE
    ]
