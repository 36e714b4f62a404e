"""A decision and its result: the incident afterwards, whom to notify, what to record."""

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
from escalator.model.stream_action import ActionState


@dataclass(frozen=True, slots=True)
class PolicyPair:
    """The two policies of a decision: the one frozen with the round, and the running one for people.

    `silences` are those that are active or will be.
    """

    frozen: Policy
    running: Policy
    running_version: UUID
    calendars: Calendars = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()

    def roster(self, incident: Incident, at: datetime) -> Roster:
        """Return the people of the running policy at an instant who may see this incident."""
        return Roster(self.running, at, self.calendars, allowed_people(incident, self.running))


class NotifyResult(NamedTuple):
    """How many are notified, how many of them may acknowledge (destinations do), and the targets with nobody on
    call.
    """

    recipients: int
    responders: int
    unattended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotificationRequest:
    """One recipient to be notified, which becomes a delivery. `round`, `step` and `sending` identify the send."""

    occasion: Occasion
    recipient: Recipient
    round: int
    step: int
    sending: int


@dataclass(frozen=True, slots=True)
class StreamPartRequest:
    """One part of an action in Stream to carry out, in the name of `person`; `part` as the policy writes it.

    `approve_by` is set while a second person has to approve it first. `action` and `position` identify it; its rule is
    that of `policy_version`, None for the running one.
    """

    action: UUID
    position: int
    key: str
    part: str
    person: str
    approve_by: datetime | None = None
    policy_version: UUID | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The result of a decision.

    `suppress` is why pages not yet sent are dropped; `alarms` are operator alerts to raise; `note` is the answer to the
    person when the action counted, but not completely.
    """

    incident: Incident
    notices: tuple[NotificationRequest, ...] = ()
    entries: tuple[AuditEntry, ...] = ()
    suppress: str | None = None
    alarms: tuple[str, ...] = ()
    note: Refusal | None = None
    stream_parts: tuple[StreamPartRequest, ...] = ()


@dataclass(slots=True)
class ChangeDraft:
    """A decision while it is being made. Used within one pure function call and never shared."""

    incident: Incident
    rules: PolicyPair
    now: datetime
    actor: Actor = SYSTEM
    via: str = "engine"
    notices: list[NotificationRequest] = field(default_factory=list)
    entries: list[AuditEntry] = field(default_factory=list)
    suppress: str | None = None
    alarms: list[str] = field(default_factory=list)
    stream_parts: list[StreamPartRequest] = field(default_factory=list)
    _before: Incident = field(init=False)

    def __post_init__(self) -> None:
        self._before = self.incident

    def put(self, **values: Any) -> None:
        """Change fields of the incident."""
        self.incident = self.incident.changed(**values)

    def set_deadline(self, kind: DueKind | None, at: datetime | None) -> None:
        """Set the one next deadline."""
        self.put(due_kind=kind, due_at=at)

    def record(self, action: AuditAction, reason: str = "", **after: str) -> None:
        """Record that something happened; `after` holds keys and ids."""
        self.entries.append(AuditEntry(action, self.actor, self.via, reason, {}, after, self.incident.id))

    def notify(
        self,
        occasion: Occasion,
        targets: Iterable[str],
        *,
        exclude: frozenset[str] = frozenset(),
        sending: int | None = None,
    ) -> NotifyResult:
        """Add a notice for everybody whom these targets mean now and who may see the incident; return how many.

        `exclude` are people to leave out. `sending` distinguishes several sends within one step; the incident's own,
        unless given.
        """
        roster = self.rules.roster(self.incident, self.now)
        resolved = resolve_targets(targets, self.incident.assign, roster)
        for target in resolved.missing:
            self.record(AuditAction.TARGET_MISSING, target=target)
        for target in resolved.unattended:
            self.record(AuditAction.NOBODY_ON_CALL, target=target)
        wanted = [
            recipient
            for recipient in self._allowed(resolved.recipients, roster.allowed)
            if recipient.person not in exclude
        ]
        self.notices += [
            NotificationRequest(
                occasion,
                recipient,
                self.incident.round,
                self.incident.step,
                self.incident.send_number if sending is None else sending,
            )
            for recipient in wanted
        ]
        return NotifyResult(len(wanted), sum(recipient.may_acknowledge for recipient in wanted), resolved.unattended)

    def _allowed(self, recipients: Iterable[Recipient], allowed: frozenset[str] | None) -> Iterator[Recipient]:
        """Yield the destinations, and those people who may see a restricted category; record the others."""
        for recipient in recipients:
            if recipient.person is None or allowed is None or recipient.person in allowed:
                yield recipient
            else:
                self.record(AuditAction.NOT_ALLOWED, target=recipient.destination)

    @property
    def path(self) -> tuple[Step, ...]:
        """Return the steps of the incident's path, as frozen with its round."""
        return self.rules.frozen.paths.get(self.incident.path, ())

    def to_change(self) -> Change:
        """Return the change: the fence counts new deadlines, the revision counts visible changes.

        A group that somebody has answered loses its kind, so that it takes no new members.
        """
        before = self._before
        if before.state is State.GROUPED and self.incident.state not in {State.GROUPED, *CLOSED_STATES}:
            self.record(AuditAction.LEFT_GROUP, group=str(before.group_id))
        if self.incident.state in CLOSED_STATES or _is_assessed_anew(before, self.incident):
            self.withdraw_proposals()
        after = self.incident
        if after.is_group and not _takes_members(before, after):
            after = after.changed(grouping_key=None)
        if (before.due_kind, before.due_at) != (after.due_kind, after.due_at):
            after = after.changed(fence=after.fence + 1)
        if _visible_state(after) != _visible_state(before):
            after = after.changed(revision=after.revision + 1)
        return Change(
            after,
            tuple(self.notices),
            tuple(self.entries),
            self.suppress,
            tuple(self.alarms),
            stream_parts=tuple(self.stream_parts),
        )

    def withdraw_proposals(self) -> None:
        """End the actions in Stream that wait for a second person."""
        proposed = [action for action in self.incident.stream_actions if action.state is ActionState.PROPOSED]
        for action in proposed:
            self.record(AuditAction.STREAM_ACTION_ENDED, "withdrawn", name=action.key, person=action.person)
        ended = {action.id: replace(action, state=ActionState.ENDED, reason="withdrawn") for action in proposed}
        if ended:
            self.put(stream_actions=tuple(ended.get(action.id, action) for action in self.incident.stream_actions))


def _is_assessed_anew(before: Incident, after: Incident) -> bool:
    return (before.category, before.severity) != (after.category, after.severity)


def combine(changes: Sequence[Change]) -> Change:
    """Combine several changes of one incident; what a later one suppresses is checked again before sending."""
    return replace(
        changes[-1],
        notices=tuple(notice for change in changes for notice in change.notices),
        entries=tuple(entry for change in changes for entry in change.entries),
        alarms=tuple(alarm for change in changes for alarm in change.alarms),
        stream_parts=tuple(part for change in changes for part in change.stream_parts),
        suppress=next((change.suppress for change in reversed(changes) if change.suppress), None),
    )


def _takes_members(before: Incident, after: Incident) -> bool:
    """Whether a group still waits for its first answer, from the same people as before."""
    is_untouched = after.state is State.TRIGGERED and not after.acknowledgements and after.owner is None
    return is_untouched and (before.round == 0 or _responsibility(before) == _responsibility(after))


def _responsibility(incident: Incident) -> tuple[object, ...]:
    assessment = (incident.category, incident.severity, incident.content_rule)
    return (incident.route, incident.path, incident.assign, incident.acks_needed, *assessment)


def _visible_state(incident: Incident) -> tuple[object, ...]:
    """Return everything of the incident that a message can show.

    Of the facts that is the kind, language and actions; once it is closed also labels and reports, since they show
    whether it is done in Stream's own queue. The arrival of an event alone is no change: most of the thousands about a
    viral item change nothing visible.
    """
    facts, newest = incident.facts, incident.facts.latest.get("recommended_action")
    is_over = incident.state is State.RESOLVED
    invisible: dict[str, Any] = {
        "facts": Facts(),
        "content": Content(),
        "last_event_at": None,
        "grouping_key": None,
        "matched_categories": (),
        "category_rules_digest": "",
    }
    return (
        incident.changed(**invisible, automated_rounds_since=None, automated_rounds=0),
        {name: value for name, (_at, value) in incident.content.latest.items()},
        [facts.values(name) for name in ("kind", "language", "action")],
        newest and newest[1],
        [facts.seen.get(name) for name in ("label", "report")] if is_over else [],
    )
