"""Incidents that live: events join them by their keys, people answer, the clock runs; after every decision it is
asked whether what must always hold still does.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import ENTITY_JOIN_WINDOW, add_event, merge_incidents, open_incident, opens_incident
from escalator.engine.deadlines import fire_deadline, make_deadline_due, skip_failed_step
from escalator.engine.grouping import (
    add_members,
    close_member,
    grouping_key,
    is_storm,
    join_group,
    open_group,
    remove_members,
    starts_alerting,
)
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal
from escalator.model.facts import ItemKey, Observation
from escalator.model.incident import OPEN_STATES, DueKind, Incident, State
from escalator.model.policy import Policy
from escalator.model.schedule import Calendars
from tests.builders import EXAMPLE_POLICY, START, a_blank, rules

RINGS = {State.TRIGGERED, State.SNOOZED}
OVER = {State.LOGGED, State.RESOLVED, State.MERGED}
DUE_IN = {
    State.TRIGGERED: {DueKind.STEP, DueKind.RESTART, DueKind.SILENCE_END},
    State.SNOOZED: {DueKind.SNOOZE_END},
    State.ACKNOWLEDGED: {DueKind.REMIND, DueKind.RESOLVE_WITHIN, None},
    State.GROUPED: {None},
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
        self.owners: dict[ItemKey, UUID] = {}

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
            if opens_incident(said, self.policy):
                self._open(said)
            return
        oldest = matching[0].id
        for younger in matching[1:]:
            kept, gone = merge_incidents(self.incidents[oldest], younger, self.rules, self.now)
            self._keep(kept, self.incidents[oldest])
            self._keep(gone, younger)
            self.owners = {key: oldest if owner == younger.id else owner for key, owner in self.owners.items()}
        before = self.incidents[oldest]
        self._keep(add_event(before, said, self.rules, self.now), before)
        self._group(self.incidents[oldest], before)
        self.owners.update(dict.fromkeys(said.keys, oldest))

    def _matching(self, said: Observation) -> list[Incident]:
        found = {self.owners[key]: key for key in reversed(said.keys) if key in self.owners}
        return [self.incidents[owner] for owner, key in found.items() if self._joins(self.incidents[owner], key, said)]

    def _joins(self, incident: Incident, key: ItemKey, said: Observation) -> bool:
        if key.kind == "item" or incident.state is not State.RESOLVED:
            return True
        items = {incident.links.get("item_id"), said.links.get("item_id")} - {None}
        return len(items) < 2 and incident.closed_at is not None and self.now - incident.closed_at <= ENTITY_JOIN_WINDOW

    def _open(self, said: Observation) -> None:
        blank = replace(a_blank(len(self.incidents) + 1), opened_at=self.now)
        self._keep(open_incident(blank, said, self.rules, self.now), blank)
        self.owners.update(dict.fromkeys(said.keys, blank.id))
        self._group(self.incidents[blank.id], None)

    def _group(self, alert: Incident, before: Incident | None) -> None:
        """What begins to ring in a storm is told by the group of its kind."""
        rule, kind = self.policy.grouping, grouping_key(alert, self.policy)
        if (
            rule is None
            or kind is None
            or not starts_alerting(before, alert)
            or (before and before.grouping_key == kind)
        ):
            return
        others = [one.opened_at for one in self.incidents.values() if one.grouping_key == kind and not one.is_group]
        self.incidents[alert.id] = alert = replace(alert, grouping_key=kind)
        if not is_storm(alert.opened_at, others, rule):
            return
        group = next((one for one in self.incidents.values() if one.grouping_key == kind and one.is_group), None)
        if group is None:
            blank = replace(a_blank(len(self.incidents) + 1), opened_at=alert.opened_at)
            self._keep(open_group(blank, alert, 1, self.rules, self.now), blank)
            group = self.incidents[blank.id]
        else:
            self._keep(add_members(group, 1, self.rules, self.now), group)
        self._keep(join_group(Change(alert), group, self.rules, self.now), alert)

    def _follow(self, before: Incident, after: Incident) -> None:
        """A group counts those that leave it no more, and what it tells of ends with it."""
        if before.state is State.GROUPED and after.state is not State.GROUPED:
            group = self.incidents[before.group_id]
            if group.state not in OVER:
                self._keep(remove_members(group, [after], self.rules, self.now), group)
        if after.is_group and before.state in OPEN_STATES and after.state in OVER:
            for member in self.told_by(after):
                self._keep(close_member(after, member, self.rules, self.now), member)

    def told_by(self, group: Incident) -> list[Incident]:
        return [one for one in self.living if one.state is State.GROUPED and one.group_id == group.id]

    def check_groups(self) -> None:
        """Whoever is not told on their own is told by a group that waits for an answer or has one."""
        groups = [one for one in self.living if one.is_group]
        assert all(one.member_count == len(self.told_by(one)) for one in groups if one.is_open)
        assert all(one.member_count for one in groups if one.state is State.TRIGGERED and one.grouping_key)
        kinds = [one.grouping_key for one in groups if one.grouping_key]
        assert len(kinds) == len(set(kinds)), "one group of a kind takes members"
        told = sum(len(self.told_by(one)) for one in groups if one.is_open)
        assert told == sum(one.state is State.GROUPED for one in self.living), "no silence"

    def act(self, act: ActionRequest, incident: Incident) -> Change | Refusal:
        done = apply_action(act, incident, self.rules, self.now)
        if isinstance(done, Change):
            self._keep(done, incident)
        return done

    def fail_step(self, incident: Incident) -> None:
        if incident.state is State.TRIGGERED:
            self._keep(skip_failed_step(incident, self.rules, self.now), incident)

    def hurry(self, incident: Incident) -> None:
        self._keep(make_deadline_due(incident, self.rules, self.now), incident)

    def wait(self, span: timedelta) -> None:
        """Let time pass, and fire every deadline at its own."""
        end = self.now + span
        while due := [one for one in self.living if one.due_at is not None and one.due_at <= end]:
            first = min(due, key=lambda one: (one.due_at, one.number))
            self.now = max(self.now, first.due_at)
            self._keep(fire_deadline(first, self.rules, self.now), first)
        self.now = end

    def _keep(self, change: Change, before: Incident) -> None:
        after = change.incident
        self.history.append((self.now, change))
        self.incidents[after.id] = after
        check_state(after, self.policy)
        check_change(change, before)
        self._follow(before, after)
        if before.state in OPEN_STATES and after.state is State.LOGGED:
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
    people = [given.person for given in incident.acknowledgements]
    assert len(people) == len(set(people)), "one answer a person and round"


def check_change(change: Change, before: Incident) -> None:
    after = change.incident
    has_moved = (after.due_kind, after.due_at) != (before.due_kind, before.due_at)
    assert after.fence == before.fence + has_moved, "the fence changes when, and only when, the deadline does"
    assert after.round >= before.round
    shown = (
        "state",
        "category",
        "severity",
        "content_rule",
        "owner",
        "acknowledgements",
        "round",
        "step",
        "due_at",
        "outcome",
    )
    is_shown = any(getattr(after, name) != getattr(before, name) for name in shown)
    assert after.revision > before.revision if is_shown else after.revision >= before.revision
    assert after.severity >= before.severity
    assert after.content_rule >= before.content_rule or before.round == 0
    if after.state is State.RESOLVED and before.state is not State.RESOLVED:
        assert change.suppress == "resolved"
    assert all(notice.round == after.round for notice in change.notices), "nobody is told of a round that is over"
    if after.state not in {State.TRIGGERED, State.ACKNOWLEDGED}:
        assert not change.notices, "nobody is told where nobody need answer"
