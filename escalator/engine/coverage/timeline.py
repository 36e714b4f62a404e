"""When anything changes that decides who is told, or who hears: handovers, hours that open or close."""

from bisect import bisect_right
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import repeat

from escalator.engine.roster import Roster
from escalator.model.policy import Policy
from escalator.model.schedule import Calendars, Shift
from escalator.schedules.hours import openings_and_closings

AllowedPeople = frozenset[str] | None
"""Who alone may know of an incident; None for everybody."""


class ChangeTimeline:
    """Spans without gap between which something changes. Span `i` is [starts[i], starts[i + 1])."""

    def __init__(
        self, starts: Sequence[datetime], people: Mapping[str, Sequence[Hashable]], waits: Sequence[Hashable]
    ) -> None:
        self.starts = starts
        self._people = people
        self._waits = waits

    def span(self, at: datetime) -> int:
        """Return which span holds that instant."""
        return bisect_right(self.starts, at) - 1

    def middle(self, span: int) -> datetime:
        """Return an instant inside a span, at which nothing changes, now or a step's delay later."""
        return self.starts[span] + (self.starts[span + 1] - self.starts[span]) / 2

    def states(self, schedules: Iterable[str], *, with_hours: bool) -> Sequence[Hashable]:
        """Return for each span a state: two with equal ones are alike in who is on call on these schedules.

        `with_hours` also in whether, and until when, a step would wait.
        """
        asked = [self._people[key] for key in sorted(schedules)]
        return list(zip(*asked, *([self._waits] if with_hours else []), repeat(None, len(self._waits)), strict=True))


class ChangeCalendar:
    """The changes of one policy from start to end, each worked out once."""

    def __init__(self, policy: Policy, calendars: Calendars, start: datetime, end: datetime) -> None:
        self._policy = policy
        self._calendars = calendars
        self._start = start
        self._end = end
        self._shifts: dict[tuple[str, AllowedPeople], tuple[Shift, ...]] = {}
        self._edges: dict[str, tuple[datetime, ...]] = {}

    def shifts(self, schedule: str, allowed: AllowedPeople = None) -> tuple[Shift, ...]:
        """Return who is on call on a schedule of the policy, without gap, for what only these people may know of."""
        asked = (schedule, allowed)
        if asked not in self._shifts:
            roster = Roster(self._policy, self._start, self._calendars, allowed)
            self._shifts[asked] = tuple(roster.shifts(self._policy.schedules[schedule], self._start, self._end))
        return self._shifts[asked]

    def edges(self, hours: str) -> tuple[datetime, ...]:
        """Return when hours of the policy open or close; never for hours that it does not have."""
        if hours not in self._edges:
            known = self._policy.hours.get(hours)
            self._edges[hours] = openings_and_closings(known, self._start, self._end) if known else ()
        return self._edges[hours]

    def timeline(
        self,
        rotas: Mapping[str, Sequence[Shift]],
        waited_for: Collection[str],
        delays: Collection[timedelta],
        listened: Collection[str],
    ) -> ChangeTimeline:
        """Return the changes of these rotas, of hours that steps wait for, and of hours in which people listen.

        A step asks for its hours at the instant at which it falls due, which is `delays` after it is decided: those
        instants change something too.
        """
        opened = {edge - delay for key in waited_for for edge in self.edges(key) for delay in delays}
        handed = {shift.start for rota in rotas.values() for shift in rota}
        heard = {edge for key in listened for edge in self.edges(key)}
        inside = {at for at in opened | handed | heard if self._start < at < self._end}
        starts = [self._start, *sorted(inside), self._end]
        marks = sorted(opened)
        waits = [bisect_right(marks, at) for at in starts[:-1]]
        return ChangeTimeline(starts, {key: _on_call(rota, starts[:-1]) for key, rota in rotas.items()}, waits)


def _on_call(rota: Sequence[Shift], instants: Iterable[datetime]) -> list[Hashable]:
    since = [shift.start for shift in rota]
    return [rota[bisect_right(since, at) - 1].people for at in instants]
