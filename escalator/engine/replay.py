"""What has happened to an item, through a policy: whom the live engine would have told, and when (`backtest`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.deadlines import fire_deadline
from escalator.engine.events import add_event, opens_incident
from escalator.engine.incident_change import Change, Rules
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
    said: Observation


@dataclass(frozen=True, slots=True)
class PastAction:
    """What somebody (a policy key, or a vendor's id) really did, and when."""

    at: datetime
    verb: Verb
    person: str
    via: str
    minutes: int | None = None
    to: str | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Notified:
    """One notification: so long after the first event, to this destination or person."""

    after: timedelta
    to: str


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What a policy makes of an item; it is told to nobody where it opens no incident, or is silent."""

    category: str | None = None
    severity: Severity = Severity.UNKNOWN
    route: str | None = None
    told: tuple[Notified, ...] = ()


def replay(
    source: str, happened: Iterable[PastEvent | PastAction], until: datetime, policy: Policy, calendars: Calendars
) -> ReplayResult:
    """Return what would have become of an item by `until`; `happened` is in order of time.

    Hours and rotas are asked at the instants of then. What somebody did is done again as far as this policy lets them.
    """
    life = _Life(source, Rules(policy, policy, NO_ID, calendars))
    for one in happened:
        life.go_on(one.at)
        if isinstance(one, PastEvent):
            life.hear(one)
        else:
            life.act(one)
    life.go_on(until)
    return life.fate()


@dataclass(slots=True)
class _Life:
    """One incident while it is lived through. Lives within one pure function call and is never shared."""

    source: str
    rules: Rules
    incident: Incident | None = None
    told: list[Notified] = field(default_factory=list)
    firings: int = 0

    def go_on(self, until: datetime) -> None:
        """Fire every deadline up to then, each at its own instant."""
        while (incident := self.incident) is not None and self.firings < _MOST_FIRINGS:
            if incident.due_at is None or incident.due_at > until:
                return
            self.firings += 1
            self._keep(fire_deadline(incident, self.rules, incident.due_at), incident.due_at)

    def hear(self, one: PastEvent) -> None:
        if self.incident is not None:
            self._keep(add_event(self.incident, one.said, self.rules, one.at), one.at)
        elif opens_incident(one.said, self.rules.running):
            self._keep(open_hypothetical_incident(one.said, self.source, self.rules, one.at), one.at)

    def act(self, one: PastAction) -> None:
        if self.incident is None:
            return
        person = self.rules.running.people.get(one.person) or Person(one.person, one.person)
        reference = one.person if one.outcome is Outcome.REFERRED else None
        act = ActionRequest(one.verb, person, one.via, None, one.outcome, reference, one.minutes, one.to)
        done = apply_action(act, self.incident, self.rules, one.at)
        if not isinstance(done, Refusal):
            self._keep(done, one.at)

    def _keep(self, change: Change, at: datetime) -> None:
        self.incident = change.incident
        after = at - change.incident.opened_at
        self.told += [Notified(after, notice.recipient.destination) for notice in change.notices]

    def fate(self) -> ReplayResult:
        if self.incident is None:
            return ReplayResult()
        one = self.incident
        return ReplayResult(one.category, one.severity, one.route, tuple(self.told))
