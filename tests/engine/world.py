"""Incidents that live: events join them by their keys, people answer, the clock runs; after every decision it is
asked whether what must always hold still does.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from escalator.engine.answers import Act, answer
from escalator.engine.change import Change
from escalator.engine.deadlines import fire, fire_at_once, step_failed
from escalator.engine.events import ENTITY_JOINS_FOR, absorb, is_wanted, merge, open_incident
from escalator.engine.rights import Refusal
from escalator.model.facts import Key, Observation
from escalator.model.incident import OPEN, DueKind, Incident, State
from escalator.model.policy import Policy
from escalator.model.rota import Calendars
from tests.builders import EXAMPLE_POLICY, START, a_blank, rules

RINGS = {State.TRIGGERED, State.SNOOZED}
OVER = {State.LOGGED, State.RESOLVED, State.MERGED}
DUE_IN = {
    State.TRIGGERED: {DueKind.STEP, DueKind.RESTART},
    State.SNOOZED: {DueKind.SNOOZE_END},
    State.ACKNOWLEDGED: {DueKind.REMIND, DueKind.RESOLVE_WITHIN, None},
    **dict.fromkeys(OVER, {None}),
}


class World:
    """What the use cases do with a database, done with two dictionaries."""

    def __init__(
        self, policy: Policy = EXAMPLE_POLICY, now: datetime = START, calendars: Calendars | None = None
    ) -> None:
        self.policy = policy
        self.rules = replace(rules(policy), calendars=calendars or {})
        self.now = now
        self.history: list[tuple[datetime, Change]] = []
        self.incidents: dict[UUID, Incident] = {}
        self.owners: dict[Key, UUID] = {}

    @property
    def living(self) -> list[Incident]:
        return [one for one in self.incidents.values() if one.state is not State.MERGED]

    def only(self) -> Incident:
        (one,) = self.living
        return one

    def hear(self, said: Observation) -> None:
        """An event joins by either key, merges what it joins, or opens."""
        matching = sorted(self._matching(said), key=lambda one: one.number)
        if not matching:
            if is_wanted(said, self.policy):
                self._open(said)
            return
        oldest = matching[0].id
        for younger in matching[1:]:
            kept, gone = merge(self.incidents[oldest], younger, self.rules, self.now)
            self._keep(kept, self.incidents[oldest])
            self._keep(gone, younger)
            self.owners = {key: oldest if owner == younger.id else owner for key, owner in self.owners.items()}
        self._keep(absorb(self.incidents[oldest], said, self.rules, self.now), self.incidents[oldest])
        self.owners.update(dict.fromkeys(said.keys, oldest))

    def _matching(self, said: Observation) -> list[Incident]:
        found = {self.owners[key]: key for key in reversed(said.keys) if key in self.owners}
        return [self.incidents[owner] for owner, key in found.items() if self._joins(self.incidents[owner], key, said)]

    def _joins(self, incident: Incident, key: Key, said: Observation) -> bool:
        if key.kind == "item" or incident.state is not State.RESOLVED:
            return True
        items = {incident.links.get("item_id"), said.links.get("item_id")} - {None}
        return len(items) < 2 and incident.closed_at is not None and self.now - incident.closed_at <= ENTITY_JOINS_FOR

    def _open(self, said: Observation) -> None:
        blank = replace(a_blank(len(self.incidents) + 1), opened_at=self.now)
        self._keep(open_incident(blank, said, self.rules, self.now), blank)
        self.owners.update(dict.fromkeys(said.keys, blank.id))

    def act(self, act: Act, incident: Incident) -> Change | Refusal:
        done = answer(act, incident, self.rules, self.now)
        if isinstance(done, Change):
            self._keep(done, incident)
        return done

    def fail_step(self, incident: Incident) -> None:
        if incident.state is State.TRIGGERED:
            self._keep(step_failed(incident, self.rules, self.now), incident)

    def hurry(self, incident: Incident) -> None:
        self._keep(fire_at_once(incident, self.rules, self.now), incident)

    def wait(self, span: timedelta) -> None:
        """Let time pass, and fire every deadline at its own."""
        end = self.now + span
        while due := [one for one in self.living if one.due_at is not None and one.due_at <= end]:
            first = min(due, key=lambda one: (one.due_at, one.number))
            self.now = max(self.now, first.due_at)
            self._keep(fire(first, self.rules, self.now), first)
        self.now = end

    def _keep(self, change: Change, before: Incident) -> None:
        after = change.incident
        self.history.append((self.now, change))
        self.incidents[after.id] = after
        check_state(after, self.policy)
        check_change(change, before)
        if before.state in OPEN and after.state is State.LOGGED:
            assert change.entries[0].actor.kind == "system", "a person never silences an incident"


def check_state(incident: Incident, policy: Policy) -> None:
    assert (incident.due_at is None) == (incident.due_kind is None)
    assert incident.due_kind in DUE_IN[incident.state]
    assert incident.state not in RINGS or incident.due_at is not None, "no silence"
    if incident.state is State.ACKNOWLEDGED:
        assert incident.due_at is not None or policy.acknowledged is None
        assert incident.acknowledged_at is not None
    if incident.state is State.LOGGED:
        assert not policy.paths[incident.path], "silent only by a decision of the policy"
    assert (incident.closed_at is not None) == (incident.state in {State.RESOLVED, State.MERGED})
    people = [given.person for given in incident.answers]
    assert len(people) == len(set(people)), "one answer a person and round"


def check_change(change: Change, before: Incident) -> None:
    after = change.incident
    has_moved = (after.due_kind, after.due_at) != (before.due_kind, before.due_at)
    assert after.fence == before.fence + has_moved, "the fence changes when, and only when, the deadline does"
    assert after.round >= before.round
    shown = ("state", "category", "severity", "content_rule", "owner", "answers", "round", "step", "due_at", "outcome")
    is_shown = any(getattr(after, name) != getattr(before, name) for name in shown)
    assert after.revision > before.revision if is_shown else after.revision >= before.revision
    assert after.severity >= before.severity
    assert after.content_rule >= before.content_rule or before.round == 0
    if after.state is State.RESOLVED and before.state is not State.RESOLVED:
        assert change.suppress == "resolved"
    assert all(notice.round == after.round for notice in change.notices), "nobody is told of a round that is over"
    if after.state not in {State.TRIGGERED, State.ACKNOWLEDGED}:
        assert not change.notices, "nobody is told where nobody need answer"
