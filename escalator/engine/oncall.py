"""Who is on call for a team or on a schedule: now, until when, and who comes next; and who may know of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from escalator.engine.permissions import may_view_category
from escalator.engine.roster import Roster
from escalator.engine.targets import TEAM_PREFIX
from escalator.model.policy import Person, Policy, Team
from escalator.model.schedule import Schedule, Shift
from escalator.schedules.oncall import join_equal_shifts

HORIZON = timedelta(days=62)
"""How far ahead a change is looked for: longer than the longest turn."""


@dataclass(frozen=True, slots=True)
class OnCallStatus:
    """The people (keys) on call `now` and `next`. What does not change within the horizon has no `until`.

    `next_from` is after `until` where nobody is on call between them. `schedule` is the rota, None for a team that
    follows none: then `now` is everybody of it. `lead` stands in while nobody is on call.
    """

    key: str
    is_team: bool
    now: tuple[str, ...]
    until: datetime | None = None
    next: tuple[str, ...] = ()
    next_from: datetime | None = None
    lead: str | None = None
    schedule: str | None = None

    @property
    def is_attended(self) -> bool:
        """Whether anybody is on call."""
        return bool(self.now)


def on_call_statuses(roster: Roster) -> tuple[OnCallStatus, ...]:
    """Return the duty of every team, then of every schedule, in the order of the policy."""
    policy = roster.policy
    teams = (team_on_call(team, roster) for team in policy.teams.values())
    schedules = (schedule_on_call(schedule, roster) for schedule in policy.schedules.values())
    return (*teams, *schedules)


def team_on_call(team: Team, roster: Roster) -> OnCallStatus:
    """Return who of a team is on call from the roster's instant on."""
    schedule = roster.policy.schedules.get(team.schedule or "")
    if schedule is None:
        return OnCallStatus(team.key, is_team=True, now=roster.on_team(team), lead=team.lead)
    found = _duty(team.key, schedule, roster, lambda then: then.on_team(team))
    return replace(found, is_team=True, lead=team.lead)


def schedule_on_call(schedule: Schedule, roster: Roster) -> OnCallStatus:
    """Return who is on call on a schedule from the roster's instant on."""
    return _duty(schedule.key, schedule, roster, lambda then: then.on_schedule(schedule.key))


def next_shifts_of(person: str, roster: Roster, most: int) -> list[tuple[str, Shift]]:
    """Return the next shifts of somebody, each with its schedule, from the roster's instant on, the soonest first."""
    found = [
        (schedule.key, shift)
        for schedule in roster.policy.schedules.values()
        if person in schedule.everybody or roster.calendars.get(schedule.key)
        for shift in _coming(schedule, roster)
        if person in shift.people
    ]
    return sorted(found, key=lambda one: one[1].start)[:most]


def may_view_on_call(duty: OnCallStatus, asker: Person, policy: Policy) -> bool:
    """Whether somebody may know who answers there: the team of a restricted category is nobody else's business."""
    return may_view_team(duty.key, asker, policy) if duty.is_team else may_view_schedule(duty.key, asker, policy)


def may_view_schedule(schedule: str, asker: Person, policy: Policy) -> bool:
    """Whether somebody may know of a schedule: where they may know of a team that follows it, or where none does."""
    following = [team.key for team in policy.teams.values() if team.schedule == schedule]
    return not following or any(may_view_team(team, asker, policy) for team in following)


def may_view_team(team: str, asker: Person, policy: Policy) -> bool:
    """Whether somebody may know of a team: it is named by no restricted category, or by one that they may see."""
    closed = [one for one in policy.categories.values() if {team, TEAM_PREFIX + team} & {*one.restricted_to}]
    return not closed or any(may_view_category(asker.key, category, policy) for category in closed)


def _duty(key: str, schedule: Schedule, roster: Roster, who: Callable[[Roster], tuple[str, ...]]) -> OnCallStatus:
    coming = _shifts(schedule, roster, who)
    present = next(coming)
    following = next((shift for shift in coming if shift.people), None)
    return OnCallStatus(
        key,
        is_team=False,
        now=present.people,
        until=present.end if present.end < roster.at + HORIZON else None,
        next=following.people if following else (),
        next_from=following.start if following else None,
        schedule=schedule.key,
    )


def _shifts(schedule: Schedule, roster: Roster, who: Callable[[Roster], tuple[str, ...]]) -> Iterator[Shift]:
    """Return the shifts from the roster's instant on, of the people that count here: neighbours differ in them."""
    coming = _coming(schedule, roster)
    return join_equal_shifts(replace(shift, people=who(replace(roster, at=shift.start))) for shift in coming)


def _coming(schedule: Schedule, roster: Roster) -> Iterator[Shift]:
    return roster.shifts(schedule, roster.at, roster.at + HORIZON)
