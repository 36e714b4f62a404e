"""Who is on call: the people, teams and schedules of a policy, with the bookings of calendars.

Only responders count: people who may acknowledge. Others in a schedule, calendar or team are ignored. All code that
needs to know who is on call asks here, so that steps, coverage, pages and commands never differ.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from escalator.model.policy import Policy, Team
from escalator.model.schedule import NOBODY, Booking, Calendars, Layer, Schedule, Shift
from escalator.schedules.oncall import on_call, remembered_shifts, shifts_between


@dataclass(frozen=True, slots=True)
class Roster:
    """The people of the running policy at an instant.

    `allowed` are the only people who may see the incident in question (`permissions.allowed_people`); None for
    everybody, and when there is no incident in question.
    """

    policy: Policy
    at: datetime
    calendars: Calendars = field(default_factory=dict)
    allowed: frozenset[str] | None = None

    def may_acknowledge(self, key: str) -> bool:
        """Whether this is a person of the policy who may acknowledge, by their role and by `allowed`."""
        person = self.policy.people.get(key)
        return person is not None and person.role.may_acknowledge and (self.allowed is None or key in self.allowed)

    def responders(self, people: Collection[str]) -> tuple[str, ...]:
        """Return those of these people who may acknowledge."""
        return tuple(key for key in people if self.may_acknowledge(key))

    def on_schedule(self, key: str) -> tuple[str, ...]:
        """Return who is on call on a schedule; nobody for one that no longer exists."""
        schedule = self.policy.schedules.get(key)
        return self._on_call(schedule) if schedule else ()

    def on_team(self, team: Team) -> tuple[str, ...]:
        """Return who of a team is on call: everybody of it when it has no schedule.

        When nobody of the team is on call on its schedule, others who are (an override may name anybody) count.
        """
        schedule = self.policy.schedules.get(team.schedule or "")
        if schedule is None:
            return self.responders(team.everybody)
        on_duty = self._on_call(schedule)
        return tuple(key for key in on_duty if key in team.members) or on_duty

    def shifts(self, schedule: Schedule, start: datetime, end: datetime) -> Iterator[Shift]:
        """Yield who is on call on a schedule from start to end, without gap; neighbours differ in their people."""
        return shifts_between(self._of_responders(schedule), self.policy.hours, self._booked(schedule), start, end)

    def shifts_of_period(self, schedule: Schedule, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """Return the shifts of a period that does not move with the clock, such as a week; they are remembered."""
        own = {layer.hours for layer in schedule.layers if layer.hours in self.policy.hours}
        hours = tuple((key, self.policy.hours[key]) for key in sorted(filter(None, own)))
        return remembered_shifts(self._of_responders(schedule), hours, self._booked(schedule), start, end)

    def _on_call(self, schedule: Schedule) -> tuple[str, ...]:
        return on_call(self._of_responders(schedule), self.policy.hours, self._booked(schedule), self.at)

    def _of_responders(self, schedule: Schedule) -> Schedule:
        return replace(
            schedule,
            layers=tuple(self._turns_of_responders(layer) for layer in schedule.layers),
            overrides=tuple(override for override in schedule.overrides if self.may_acknowledge(override.person)),
            people=self.responders(schedule.people),
        )

    def _turns_of_responders(self, layer: Layer) -> Layer:
        """Return the layer with an empty turn for each person who may not acknowledge: the others keep their turns."""
        return replace(layer, people=tuple(key if self.may_acknowledge(key) else NOBODY for key in layer.people))

    def _booked(self, schedule: Schedule) -> tuple[Booking, ...]:
        bookings = self.calendars.get(schedule.key, ())
        return tuple(replace(booking, people=self.responders(booking.people)) for booking in bookings)
