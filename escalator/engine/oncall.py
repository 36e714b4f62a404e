"""Who is on call for a team or on a schedule: now, until when, and who is next; and who may see that."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, islice, pairwise

from escalator.engine.permissions import may_view_category
from escalator.engine.roster import Roster
from escalator.engine.targets import TEAM_PREFIX
from escalator.model.policy import Person, Policy, Team
from escalator.model.schedule import Schedule, Shift
from escalator.schedules.oncall import join_equal_shifts

HORIZON = timedelta(days=62)
"""How far ahead the next change is searched: longer than the longest turn."""

_WINDOWS = tuple(timedelta(days=days) for days in (0, 2, 6, 14, 30, HORIZON.days))
"""Where the search pauses: most callers need only the first changes, and each hour of a window costs the same."""


@dataclass(frozen=True, slots=True)
class OnCallStatus:
    """The people (keys) on call `now` and `next`. `until` is None when nothing changes within the horizon.

    `next_from` is after `until` where nobody is on call between them. `schedule` is None for a team without one: then
    `now` is everybody of the team. `lead` is notified while nobody is on call.
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
    """Return the status of every team, then of every schedule, in the order of the policy."""
    policy = roster.policy
    teams = (team_on_call(team, roster) for team in policy.teams.values())
    schedules = (schedule_on_call(schedule, roster) for schedule in policy.schedules.values())
    return (*teams, *schedules)


def team_on_call(team: Team, roster: Roster) -> OnCallStatus:
    """Return who of a team is on call from the roster's instant on."""
    schedule = roster.policy.schedules.get(team.schedule or "")
    if schedule is None:
        return OnCallStatus(team.key, is_team=True, now=roster.on_team(team), lead=team.lead)
    status = _status(team.key, schedule, roster, lambda then: then.on_team(team))
    return replace(status, is_team=True, lead=team.lead)


def schedule_on_call(schedule: Schedule, roster: Roster) -> OnCallStatus:
    """Return who is on call on a schedule from the roster's instant on."""
    return _status(schedule.key, schedule, roster, lambda then: then.on_schedule(schedule.key))


def next_shifts_of(person: str, roster: Roster, most: int) -> list[tuple[str, Shift]]:
    """Return the next shifts of somebody, each with its schedule, from the roster's instant on, the soonest first."""
    shifts = [
        (schedule.key, shift)
        for schedule in roster.policy.schedules.values()
        if person in schedule.everybody or roster.calendars.get(schedule.key)
        for shift in islice((shift for shift in _coming_shifts(schedule, roster) if person in shift.people), most)
    ]
    return sorted(shifts, key=lambda pair: pair[1].start)[:most]


def may_view_on_call(status: OnCallStatus, asker: Person, policy: Policy) -> bool:
    """Whether somebody may see who is on call there: the team of a restricted category is hidden from others."""
    return may_view_team(status.key, asker, policy) if status.is_team else may_view_schedule(status.key, asker, policy)


def may_view_schedule(schedule: str, asker: Person, policy: Policy) -> bool:
    """Whether somebody may see a schedule: when they may see a team that uses it, or when no team does."""
    teams = [team.key for team in policy.teams.values() if team.schedule == schedule]
    return not teams or any(may_view_team(team, asker, policy) for team in teams)


def may_view_team(team: str, asker: Person, policy: Policy) -> bool:
    """Whether somebody may see a team: no restricted category names it, or one that they may see does."""
    restricted = [
        category for category in policy.categories.values() if {team, TEAM_PREFIX + team} & {*category.restricted_to}
    ]
    return not restricted or any(may_view_category(asker.key, category, policy) for category in restricted)


def _status(key: str, schedule: Schedule, roster: Roster, who: Callable[[Roster], tuple[str, ...]]) -> OnCallStatus:
    coming = _shifts(schedule, roster, who)
    present = next(coming)
    next_shift = next((shift for shift in coming if shift.people), None)
    return OnCallStatus(
        key,
        is_team=False,
        now=present.people,
        until=present.end if present.end < roster.at + HORIZON else None,
        next=next_shift.people if next_shift else (),
        next_from=next_shift.start if next_shift else None,
        schedule=schedule.key,
    )


def _shifts(schedule: Schedule, roster: Roster, who: Callable[[Roster], tuple[str, ...]]) -> Iterator[Shift]:
    """Return the shifts from the roster's instant on, with the people that `who` returns; neighbours differ in them."""
    coming = _coming_shifts(schedule, roster)
    return join_equal_shifts(replace(shift, people=who(replace(roster, at=shift.start))) for shift in coming)


def _coming_shifts(schedule: Schedule, roster: Roster) -> Iterator[Shift]:
    """Yield the shifts within the horizon, computing no further ahead than the caller looks."""
    edges = pairwise(roster.at + ahead for ahead in _WINDOWS)
    return join_equal_shifts(chain.from_iterable(roster.shifts(schedule, start, end) for start, end in edges))
