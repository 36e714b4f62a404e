"""When anything changes that decides who is notified: handovers, and hours that open or close."""

from bisect import bisect_right
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import repeat

from escalator.engine.roster import Roster
from escalator.model.policy import Policy
from escalator.model.schedule import Calendars, Shift
from escalator.schedules.hours import openings_and_closings

AllowedPeople = frozenset[str] | None
"""The people who may see an incident; None for everybody."""


class ChangeTimeline:
    """Consecutive spans, with a change between each two. Span `i` is [starts[i], starts[i + 1])."""

    def __init__(
        self, starts: Sequence[datetime], people: Mapping[str, Sequence[Hashable]], waits: Sequence[Hashable]
    ) -> None:
        self.starts = starts
        self._people = people
        self._waits = waits

    def span(self, at: datetime) -> int:
        """Return the index of the span that contains that instant."""
        return bisect_right(self.starts, at) - 1

    def middle(self, span: int) -> datetime:
        """Return the middle of a span: an instant at which nothing changes, then or a step's delay later."""
        return self.starts[span] + (self.starts[span + 1] - self.starts[span]) / 2

    def states(self, schedules: Iterable[str], *, with_hours: bool) -> Sequence[Hashable]:
        """Return a state for each span: spans with equal states have the same people on call on these schedules.

        With `with_hours` a step would also wait equally long in them.
        """
        people = [self._people[key] for key in sorted(schedules)]
        return list(zip(*people, *([self._waits] if with_hours else []), repeat(None, len(self._waits)), strict=True))


class ChangeCalendar:
    """The changes of one policy from start to end, each computed once."""

    def __init__(self, policy: Policy, calendars: Calendars, start: datetime, end: datetime) -> None:
        self._policy = policy
        self._calendars = calendars
        self._start = start
        self._end = end
        self._shifts: dict[tuple[str, AllowedPeople], tuple[Shift, ...]] = {}
        self._edges: dict[str, tuple[datetime, ...]] = {}

    def shifts(self, schedule: str, allowed: AllowedPeople = None) -> tuple[Shift, ...]:
        """Return who is on call on a schedule, without gap, for incidents that only the `allowed` people may see."""
        key = (schedule, allowed)
        if key not in self._shifts:
            roster = Roster(self._policy, self._start, self._calendars, allowed)
            self._shifts[key] = tuple(roster.shifts(self._policy.schedules[schedule], self._start, self._end))
        return self._shifts[key]

    def edges(self, hours: str) -> tuple[datetime, ...]:
        """Return when hours of the policy open or close; empty for hours that it does not have."""
        if hours not in self._edges:
            opening_hours = self._policy.hours.get(hours)
            self._edges[hours] = openings_and_closings(opening_hours, self._start, self._end) if opening_hours else ()
        return self._edges[hours]

    def timeline(
        self,
        shifts_by_schedule: Mapping[str, Sequence[Shift]],
        waited_for: Collection[str],
        delays: Collection[timedelta],
        availability_hours: Collection[str],
    ) -> ChangeTimeline:
        """Return the changes of these schedules, of hours that steps wait for, and of people's `availability_hours`.

        A step checks its hours when it falls due, which is one of `delays` after the decision: those instants are
        changes too.
        """
        wait_edges = {edge - delay for key in waited_for for edge in self.edges(key) for delay in delays}
        handovers = {shift.start for shifts in shifts_by_schedule.values() for shift in shifts}
        availability_edges = {edge for key in availability_hours for edge in self.edges(key)}
        changes = {at for at in wait_edges | handovers | availability_edges if self._start < at < self._end}
        starts = [self._start, *sorted(changes), self._end]
        marks = sorted(wait_edges)
        waits = [bisect_right(marks, at) for at in starts[:-1]]
        return ChangeTimeline(
            starts, {key: _on_call(shifts, starts[:-1]) for key, shifts in shifts_by_schedule.items()}, waits
        )


def _on_call(shifts: Sequence[Shift], instants: Iterable[datetime]) -> list[Hashable]:
    starts = [shift.start for shift in shifts]
    return [shifts[bisect_right(starts, at) - 1].people for at in instants]
