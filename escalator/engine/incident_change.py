"""A decision in the making, and what it amounts to: the incident afterwards, whom to tell, what to record."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from escalator.engine.permissions import Refusal, allowed_people
from escalator.engine.roster import Roster
from escalator.engine.targets import Recipient, resolve_targets
from escalator.model.audit import SYSTEM, Actor, AuditAction, AuditEntry
from escalator.model.facts import Content, Facts
from escalator.model.incident import CLOSED_STATES, DueKind, Incident, State
from escalator.model.message import Occasion
from escalator.model.policy import Policy, Step
from escalator.model.schedule import Calendars
from escalator.model.silence import Silence


@dataclass(frozen=True, slots=True)
class Rules:
    """The two policies a decision goes by: what is frozen with the round, and the running one for people.

    `silences` are those that are in force, or will be.
    """

    frozen: Policy
    running: Policy
    running_version: UUID
    calendars: Calendars = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()

    def roster(self, incident: Incident, at: datetime) -> Roster:
        """Return the people of the running policy at an instant, as they count for this incident."""
        return Roster(self.running, at, self.calendars, allowed_people(incident, self.running))


class NotifyResult(NamedTuple):
    """How many are told, how many of them may acknowledge (places do), and for which targets nobody is on call."""

    recipients: int
    responders: int
    unattended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotificationRequest:
    """One who is to be told: becomes a delivery. `step` and `sending` say which rung of which round."""

    occasion: Occasion
    recipient: Recipient
    round: int
    step: int
    sending: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision amounts to.

    `suppress` is why pages not yet sent are to be dropped; `alarms` are troubles to tell the operator; `note` is what
    the person is told when the act counted, but not for all that they wanted.
    """

    incident: Incident
    notices: tuple[NotificationRequest, ...] = ()
    entries: tuple[AuditEntry, ...] = ()
    suppress: str | None = None
    alarms: tuple[str, ...] = ()
    note: Refusal | None = None


@dataclass(slots=True)
class ChangeDraft:
    """The decision while it is being made. Lives within one pure function call and is never shared."""

    incident: Incident
    rules: Rules
    now: datetime
    actor: Actor = SYSTEM
    via: str = "engine"
    notices: list[NotificationRequest] = field(default_factory=list)
    entries: list[AuditEntry] = field(default_factory=list)
    suppress: str | None = None
    alarms: list[str] = field(default_factory=list)
    _before: Incident = field(init=False)

    def __post_init__(self) -> None:
        self._before = self.incident

    def put(self, **values: Any) -> None:
        """Change fields of the incident."""
        self.incident = replace(self.incident, **values)

    def due(self, kind: DueKind | None, at: datetime | None) -> None:
        """Set the one next deadline."""
        self.put(due_kind=kind, due_at=at)

    def record(self, action: AuditAction, reason: str = "", **after: str) -> None:
        """Record that something happened; `after` holds keys and ids."""
        self.entries.append(AuditEntry(action, self.actor, self.via, reason, {}, after, self.incident.id))

    def tell(
        self,
        occasion: Occasion,
        targets: Iterable[str],
        *,
        besides: frozenset[str] = frozenset(),
        sending: int | None = None,
    ) -> NotifyResult:
        """Add a notice for everybody these targets mean now who may know of it, and return how many are told.

        `sending` tells apart what is sent several times within one step; the incident's own, unless given.
        """
        roster = self.rules.roster(self.incident, self.now)
        found = resolve_targets(targets, self.incident.assign, roster)
        for target in found.missing:
            self.record(AuditAction.TARGET_MISSING, target=target)
        for target in found.unattended:
            self.record(AuditAction.NOBODY_ON_CALL, target=target)
        wanted = [one for one in self._allowed(found.told, roster.allowed) if one.person not in besides]
        self.notices += [
            NotificationRequest(
                occasion,
                recipient,
                self.incident.round,
                self.incident.step,
                self.incident.sending if sending is None else sending,
            )
            for recipient in wanted
        ]
        return NotifyResult(len(wanted), sum(one.may_acknowledge for one in wanted), found.unattended)

    def _allowed(self, told: Iterable[Recipient], allowed: frozenset[str] | None) -> Iterator[Recipient]:
        """Yield the places, and of the people those whom a restricted category lets know."""
        for one in told:
            if one.person is None or allowed is None or one.person in allowed:
                yield one
            else:
                self.record(AuditAction.NOT_ALLOWED, target=one.destination)

    @property
    def path(self) -> tuple[Step, ...]:
        """Return the steps of the incident's path, as frozen with its round."""
        return self.rules.frozen.paths.get(self.incident.path, ())

    def done(self) -> Change:
        """Return the decision: the fence moves with the deadline, the revision with what anybody can see.

        A group that somebody has answered is of no kind any more: it takes no new member, whatever becomes of it.
        """
        before = self._before
        if before.state is State.GROUPED and self.incident.state not in {State.GROUPED, *CLOSED_STATES}:
            self.record(AuditAction.LEFT_GROUP, group=str(before.group_id))
        after = self.incident
        if after.is_group and not _takes_members(before, after):
            after = replace(after, kind_key=None)
        if (before.due_kind, before.due_at) != (after.due_kind, after.due_at):
            after = replace(after, fence=after.fence + 1)
        if _seen(after) != _seen(before):
            after = replace(after, revision=after.revision + 1)
        return Change(after, tuple(self.notices), tuple(self.entries), self.suppress, tuple(self.alarms))


def combine(changes: Sequence[Change]) -> Change:
    """Return several changes of one incident as one; what a later one suppresses is asked again before sending."""
    return replace(
        changes[-1],
        notices=tuple(notice for change in changes for notice in change.notices),
        entries=tuple(entry for change in changes for entry in change.entries),
        alarms=tuple(alarm for change in changes for alarm in change.alarms),
        suppress=next((change.suppress for change in reversed(changes) if change.suppress), None),
    )


def _takes_members(before: Incident, after: Incident) -> bool:
    """Whether a group still waits for its first answer, and for that of the same people as before."""
    is_untouched = after.state is State.TRIGGERED and not after.answers and after.owner is None
    return is_untouched and (before.round == 0 or _asked(before) == _asked(after))


def _asked(incident: Incident) -> tuple[object, ...]:
    said = (incident.category, incident.severity, incident.content_rule)
    return (incident.route, incident.path, incident.assign, incident.acks_needed, *said)


def _seen(incident: Incident) -> tuple[object, ...]:
    """Return all of the incident that a message can show.

    Of the facts those are what it is about and what was done to it; once it is closed also labels and reports, since
    they say whether Stream's own queue has it behind it. That an event came is no change: most of a viral item's
    thousands change nothing that anybody sees.
    """
    facts, newest = incident.facts, incident.facts.latest.get("recommended_action")
    is_over = incident.state is State.RESOLVED
    unseen: dict[str, Any] = {
        "facts": Facts(),
        "content": Content(),
        "last_event_at": None,
        "kind_key": None,
        "fits": (),
        "fits_by": "",
    }
    return (
        replace(incident, **unseen, loop_started_at=None, loop_rounds=0),
        {name: value for name, (_at, value) in incident.content.said.items()},
        [facts.values(name) for name in ("kind", "language", "action")],
        newest and newest[1],
        [facts.seen.get(name) for name in ("label", "report")] if is_over else [],
    )
