"""Replay past events under a policy: whom the live engine would have notified, and when (`backtest`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import add_event, opens_incident
from escalator.engine.deadlines import fire_deadline
from escalator.engine.incident_change import Change, PolicyPair
from escalator.engine.permissions import Refusal
from escalator.engine.preview import NO_ID, open_hypothetical_incident
from escalator.model.facts import Observation
from escalator.model.incident import Incident, Outcome, Verb
from escalator.model.levels import Severity
from escalator.model.policy import Person, Policy
from escalator.model.schedule import Calendars

_MOST_FIRINGS = 500


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event, and when it was accepted."""

    at: datetime
    observation: Observation


@dataclass(frozen=True, slots=True)
class PastAction:
    """What somebody (a policy key, or a vendor's id) did, and when."""

    at: datetime
    verb: Verb
    person: str
    via: str
    minutes: int | None = None
    to: str | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Notified:
    """One notification: how long after the first event, and to which destination or person."""

    after: timedelta
    to: str


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """The result for one item under a policy; `notified` is empty where it opens no incident, or the path is silent."""

    category: str | None = None
    severity: Severity = Severity.UNKNOWN
    route: str | None = None
    notified: tuple[Notified, ...] = ()


def replay(
    source: str, history: Iterable[PastEvent | PastAction], until: datetime, policy: Policy, calendars: Calendars
) -> ReplayResult:
    """Return what would have happened to an item by `until`; `history` is in order of time.

    Hours and schedules are evaluated at the past instants. Actions of people are repeated if this policy permits them.
    """
    incident_replay = _IncidentReplay(source, PolicyPair(policy, policy, NO_ID, calendars))
    for entry in history:
        incident_replay.advance(entry.at)
        if isinstance(entry, PastEvent):
            incident_replay.replay_event(entry)
        else:
            incident_replay.replay_action(entry)
    incident_replay.advance(until)
    return incident_replay.result()


@dataclass(slots=True)
class _IncidentReplay:
    """One incident while it is replayed. Used within one pure function call and never shared."""

    source: str
    rules: PolicyPair
    incident: Incident | None = None
    notified: list[Notified] = field(default_factory=list)
    firings: int = 0

    def advance(self, until: datetime) -> None:
        """Fire every deadline up to `until`, each at its own instant."""
        while (incident := self.incident) is not None and self.firings < _MOST_FIRINGS:
            if incident.due_at is None or incident.due_at > until:
                return
            self.firings += 1
            self._save(fire_deadline(incident, self.rules, incident.due_at), incident.due_at)

    def replay_event(self, event: PastEvent) -> None:
        if self.incident is not None:
            self._save(add_event(self.incident, event.observation, self.rules, event.at), event.at)
        elif opens_incident(event.observation, self.rules.running):
            self._save(open_hypothetical_incident(event.observation, self.source, self.rules, event.at), event.at)

    def replay_action(self, action: PastAction) -> None:
        if self.incident is None:
            return
        person = self.rules.running.people.get(action.person) or Person(action.person, action.person)
        reference = action.person if action.outcome is Outcome.REFERRED else None
        request = ActionRequest(
            action.verb, person, action.via, None, action.outcome, reference, action.minutes, action.to
        )
        change = apply_action(request, self.incident, self.rules, action.at)
        if not isinstance(change, Refusal):
            self._save(change, action.at)

    def _save(self, change: Change, at: datetime) -> None:
        self.incident = change.incident
        after = at - change.incident.opened_at
        self.notified += [Notified(after, notice.recipient.destination) for notice in change.notices]

    def result(self) -> ReplayResult:
        if self.incident is None:
            return ReplayResult()
        incident = self.incident
        return ReplayResult(incident.category, incident.severity, incident.route, tuple(self.notified))
