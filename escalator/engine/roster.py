"""Who is on call at an instant: the people, teams and schedules of a policy, with what the calendars say."""

from dataclasses import dataclass, field
from datetime import datetime

from escalator.model.policy import Policy, Team
from escalator.model.rota import Calendars, Schedule
from escalator.rota.oncall import on_call


@dataclass(frozen=True, slots=True)
class Roster:
    """The people of the running policy at an instant."""

    policy: Policy
    at: datetime
    calendars: Calendars = field(default_factory=dict)

    def on_schedule(self, key: str) -> tuple[str, ...]:
        """Return who is on call on a schedule; nobody for one that no longer exists."""
        schedule = self.policy.schedules.get(key)
        return self._on_call(schedule) if schedule else ()

    def on_team(self, team: Team) -> tuple[str, ...]:
        """Return who of a team is on call: all members when it has no schedule.

        Whoever stands in for all of them (an override may name anybody) is on call for the team.
        """
        schedule = self.policy.schedules.get(team.schedule or "")
        if schedule is None:
            return team.members
        found = self._on_call(schedule)
        return tuple(key for key in found if key in team.members) or found

    def _on_call(self, schedule: Schedule) -> tuple[str, ...]:
        return on_call(schedule, self.policy.hours, self.calendars.get(schedule.key, ()), self.at)
