"""Whom an incident of every kind would reach first, whenever it was opened: the answer, by the live engine.

What has been routed is told by its path, whom `team` means, and who may know of it; category, severity, labels and
content rule decide nothing more while nobody answers (the first wait before a restart is the same for every severity).
So all kinds that agree in these three are followed once, under a policy whose one route leads there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

from escalator.engine.coverage import findings
from escalator.engine.coverage.scenarios import (
    Scenario,
    categories_and_severities,
    conditional_scenarios,
    unconditional_scenario,
)
from escalator.engine.coverage.simulate import FOLLOWED_FOR, CoverageSimulation, end_of_path_targets
from escalator.engine.coverage.timeline import ChangeCalendar
from escalator.engine.coverage.values import Coverage, CoverageInterval, CoverageRow, RouteStretch
from escalator.engine.hours import DURING, OUTSIDE
from escalator.engine.incident_change import Rules
from escalator.engine.permissions import allowed_people
from escalator.engine.preview import NO_ID
from escalator.engine.rounds import reassess
from escalator.engine.targets import schedules_of_targets
from escalator.model.incident import Incident
from escalator.model.levels import Mode
from escalator.model.policy import Policy, Route
from escalator.model.schedule import Calendars
from escalator.schedules.hours import is_open

DEFAULT_TARGET = timedelta(minutes=30)
"""Within how long somebody must hear, unless it is said."""


class _Fate(NamedTuple):
    """What decides who is told, once it is routed."""

    path: str
    assign: str | None
    allowed: frozenset[str] | None


class _Taken(NamedTuple):
    """By which route something is taken, and what that amounts to."""

    route: str | None
    rank: int
    fate: _Fate


class _Window(NamedTuple):
    start: datetime
    end: datetime
    taken: _Taken


def compute_coverage(
    policy: Policy,
    start: datetime,
    end: datetime,
    within: timedelta = DEFAULT_TARGET,
    calendars: Calendars | None = None,
) -> Coverage:
    """Return who would hear of what is opened from start to end (both aware), and what is missing there.

    The source is the first of the policy; silences, storms and the failure of a vendor are not counted.
    """
    judge = _Judge(policy, start, end, within, calendars or {})
    rows = tuple(judge.rows())
    almanac = judge.almanac
    return Coverage(
        start,
        end,
        within,
        policy.timezone,
        rows,
        findings.find_holes(rows, within),
        findings.find_single_listeners(rows),
        findings.find_schedule_gaps(policy, almanac, start, end),
        findings.find_holidays(policy, start, end),
        findings.find_handovers(policy, almanac, start, end),
    )


class _Judge:
    """The work of one coverage: what is shared between its rows is worked out once."""

    def __init__(self, policy: Policy, start: datetime, end: datetime, within: timedelta, calendars: Calendars) -> None:
        self._policy = policy
        self._start = start
        self._end = end
        self._within = within
        self._calendars = calendars
        self._source = next(iter(policy.sources), "")
        self.almanac = ChangeCalendar(policy, calendars, start, end + FOLLOWED_FOR)
        self._spans = tuple(self._route_spans())
        self._fates: dict[_Fate, tuple[CoverageInterval, ...]] = {}
        self._sliced: dict[tuple[tuple[datetime, datetime, _Fate], ...], tuple[CoverageInterval, ...]] = {}

    def rows(self) -> Iterator[CoverageRow]:
        """Yield every category and severity, and after each the routes that could take it with other facts."""
        for category, severity in categories_and_severities(self._policy):
            asked = unconditional_scenario(category, severity, self._policy)
            windows = tuple(self._windows(asked))
            yield self._row(asked, windows)
            taken = frozenset(window.taken.rank for window in windows)
            for other in conditional_scenarios(category, severity, self._policy, taken):
                known_above = len(other.policy.routes) - (other.rank != len(self._policy.routes))
                found = tuple(one for one in self._windows(other) if one.taken.rank == known_above)
                if found:
                    yield self._row(other, found)

    def _row(self, asked: Scenario, windows: tuple[_Window, ...]) -> CoverageRow:
        key = tuple((one.start, one.end, one.taken.fate) for one in windows)
        if key not in self._sliced:
            self._sliced[key] = tuple(self._intervals(asked, windows))
        is_default = asked.rank == len(self._policy.routes)
        given = None if asked.rank is None or is_default else self._policy.routes[asked.rank].name
        stretches = tuple(RouteStretch(one.start, one.end, one.taken.route, one.taken.fate.path) for one in windows)
        return CoverageRow(asked.category, asked.severity, given, is_default, stretches, self._sliced[key])

    def _route_spans(self) -> Iterator[tuple[datetime, datetime, tuple[bool, ...]]]:
        """Yield the spans in which no hours of any route open or close, and which of them are open."""
        tests = [tests for route in self._policy.routes for tests in (route.when.tests, route.unless.tests)]
        named = sorted({key for test in tests for name in (DURING, OUTSIDE) for key in test.get(name, ())})
        hours = [self._policy.hours[key] for key in named if key in self._policy.hours]
        edges = {at for key in named for at in self.almanac.edges(key) if self._start < at < self._end}
        for start, end in pairwise([self._start, *sorted(edges), self._end]):
            yield start, end, tuple(is_open(one, start) for one in hours)

    def _windows(self, asked: Scenario) -> Iterator[_Window]:
        """Yield which route takes it when."""
        taken: dict[tuple[bool, ...], _Taken] = {}
        for start, _end, opened in self._spans:
            if opened not in taken:
                taken[opened] = self._taken(asked, start)
        for found, same in groupby(self._spans, key=lambda span: taken[span[2]]):
            spans = list(same)
            yield _Window(spans[0][0], spans[-1][1], found)

    def _taken(self, asked: Scenario, at: datetime) -> _Taken:
        blank = replace(self._blank(at), facts=asked.observation.facts)
        incident, routing = reassess(blank, asked.policy)
        fate = _Fate(routing.path, routing.assign, allowed_people(incident, asked.policy))
        return _Taken(routing.route, routing.rank, fate)

    def _blank(self, at: datetime) -> Incident:
        return Incident(NO_ID, 0, self._source, Mode.SANDBOX, NO_ID, at)

    def _intervals(self, asked: Scenario, windows: tuple[_Window, ...]) -> Iterator[CoverageInterval]:
        for window in windows:
            fate = window.taken.fate
            if fate not in self._fates:
                self._fates[fate] = tuple(self._followed(asked, fate))
            yield from _cut(self._fates[fate], window.start, window.end)

    def _followed(self, asked: Scenario, fate: _Fate) -> Iterator[CoverageInterval]:
        only = replace(self._policy, routes=(Route("", fate.path, assign=fate.assign),))
        steps = self._policy.paths.get(fate.path, ())
        asking = {*(target for step in steps for target in step.notify), *end_of_path_targets(self._policy)}
        schedules = schedules_of_targets(asking, fate.assign, self._policy)
        timeline = self.almanac.timeline(
            {key: self.almanac.shifts(key, fate.allowed) for key in schedules},
            {key for step in steps for key in (step.during, step.outside) if key},
            {timedelta(0), *(step.after for step in steps)},
            {person.hours for person in self._policy.people.values() if person.hours},
        )
        rules = Rules(only, only, NO_ID, self._calendars)
        ahead = CoverageSimulation(asked.observation, self._source, rules, timeline, self._within)
        return ahead.intervals(self._start, self._end)


def _cut(intervals: Iterable[CoverageInterval], start: datetime, end: datetime) -> Iterator[CoverageInterval]:
    """Yield what of the intervals lies between."""
    for one in intervals:
        if one.end > start and one.start < end:
            is_whole = start <= one.start and one.end <= end
            yield one if is_whole else replace(one, start=max(one.start, start), end=min(one.end, end))
