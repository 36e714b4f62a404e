"""Compute whom incidents of every kind would reach first, for every opening in a period, with the live engine.

Once an incident is routed, only its path, whom `team` means and who may see it decide who is notified; category,
severity, labels and content rule do not matter while nobody answers (the first wait before a restart is the same for
every severity). So all kinds that agree in these three are simulated once, under a policy with only this route.
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
from escalator.engine.incident_change import PolicyPair
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
"""Within how long somebody must be notified, unless given."""


class _Handling(NamedTuple):
    """What decides who is notified, once it is routed."""

    path: str
    assign: str | None
    allowed: frozenset[str] | None


class _RouteDecision(NamedTuple):
    """Which route takes a scenario, and how it is handled then."""

    route: str | None
    rank: int
    handling: _Handling


class _Window(NamedTuple):
    start: datetime
    end: datetime
    decision: _RouteDecision


def compute_coverage(
    policy: Policy,
    start: datetime,
    end: datetime,
    within: timedelta = DEFAULT_TARGET,
    calendars: Calendars | None = None,
) -> Coverage:
    """Return who would be notified of incidents opened from start to end (both aware), and what is missing.

    The source is the first of the policy; silences, storms and the failure of a vendor are not counted.
    """
    computation = _Computation(policy, start, end, within, calendars or {})
    rows = tuple(computation.rows())
    calendar = computation.calendar
    return Coverage(
        start,
        end,
        within,
        policy.timezone,
        rows,
        findings.find_holes(rows, within),
        findings.find_single_responders(rows),
        findings.find_schedule_gaps(policy, calendar, start, end),
        findings.find_holidays(policy, start, end),
        findings.find_handoffs(policy, calendar, start, end),
    )


class _Computation:
    """The computation of one coverage: what its rows share is computed once."""

    def __init__(self, policy: Policy, start: datetime, end: datetime, within: timedelta, calendars: Calendars) -> None:
        self._policy = policy
        self._start = start
        self._end = end
        self._within = within
        self._calendars = calendars
        self._source = next(iter(policy.sources), "")
        self.calendar = ChangeCalendar(policy, calendars, start, end + FOLLOWED_FOR)
        self._spans = tuple(self._route_spans())
        self._intervals_by_handling: dict[_Handling, tuple[CoverageInterval, ...]] = {}
        self._intervals_by_windows: dict[
            tuple[tuple[datetime, datetime, _Handling], ...], tuple[CoverageInterval, ...]
        ] = {}

    def rows(self) -> Iterator[CoverageRow]:
        """Yield a row for every category and severity, and after each those of routes that take it only with other
        facts.
        """
        for category, severity in categories_and_severities(self._policy):
            scenario = unconditional_scenario(category, severity, self._policy)
            windows = tuple(self._windows(scenario))
            yield self._row(scenario, windows)
            matched_ranks = frozenset(window.decision.rank for window in windows)
            for conditional in conditional_scenarios(category, severity, self._policy, matched_ranks):
                known_above = len(conditional.policy.routes) - (conditional.rank != len(self._policy.routes))
                matching = tuple(window for window in self._windows(conditional) if window.decision.rank == known_above)
                if matching:
                    yield self._row(conditional, matching)

    def _row(self, scenario: Scenario, windows: tuple[_Window, ...]) -> CoverageRow:
        key = tuple((window.start, window.end, window.decision.handling) for window in windows)
        if key not in self._intervals_by_windows:
            self._intervals_by_windows[key] = tuple(self._intervals(scenario, windows))
        is_default = scenario.rank == len(self._policy.routes)
        conditional_route = None if scenario.rank is None or is_default else self._policy.routes[scenario.rank].name
        stretches = tuple(
            RouteStretch(window.start, window.end, window.decision.route, window.decision.handling.path)
            for window in windows
        )
        return CoverageRow(
            scenario.category,
            scenario.severity,
            conditional_route,
            is_default,
            stretches,
            self._intervals_by_windows[key],
        )

    def _route_spans(self) -> Iterator[tuple[datetime, datetime, tuple[bool, ...]]]:
        """Yield the spans in which no hours of any route open or close, and which of them are open."""
        tests = [tests for route in self._policy.routes for tests in (route.when.tests, route.unless.tests)]
        named = sorted({key for test in tests for name in (DURING, OUTSIDE) for key in test.get(name, ())})
        hours = [self._policy.hours[key] for key in named if key in self._policy.hours]
        edges = {at for key in named for at in self.calendar.edges(key) if self._start < at < self._end}
        for start, end in pairwise([self._start, *sorted(edges), self._end]):
            yield start, end, tuple(is_open(opening_hours, start) for opening_hours in hours)

    def _windows(self, scenario: Scenario) -> Iterator[_Window]:
        """Yield which route takes the scenario in which part of the period."""
        decisions: dict[tuple[bool, ...], _RouteDecision] = {}
        for start, _end, open_flags in self._spans:
            if open_flags not in decisions:
                decisions[open_flags] = self._decide(scenario, start)
        for decision, group in groupby(self._spans, key=lambda span: decisions[span[2]]):
            spans = list(group)
            yield _Window(spans[0][0], spans[-1][1], decision)

    def _decide(self, scenario: Scenario, at: datetime) -> _RouteDecision:
        blank = self._blank_incident(at).changed(facts=scenario.observation.facts)
        incident, routing = reassess(blank, scenario.policy)
        handling = _Handling(routing.path, routing.assign, allowed_people(incident, scenario.policy))
        return _RouteDecision(routing.route, routing.rank, handling)

    def _blank_incident(self, at: datetime) -> Incident:
        return Incident(NO_ID, 0, self._source, Mode.SANDBOX, NO_ID, at)

    def _intervals(self, scenario: Scenario, windows: tuple[_Window, ...]) -> Iterator[CoverageInterval]:
        for window in windows:
            handling = window.decision.handling
            if handling not in self._intervals_by_handling:
                self._intervals_by_handling[handling] = tuple(self._simulate(scenario, handling))
            yield from _cut(self._intervals_by_handling[handling], window.start, window.end)

    def _simulate(self, scenario: Scenario, handling: _Handling) -> Iterator[CoverageInterval]:
        single_route_policy = replace(self._policy, routes=(Route("", handling.path, assign=handling.assign),))
        steps = self._policy.paths.get(handling.path, ())
        targets = {*(target for step in steps for target in step.notify), *end_of_path_targets(self._policy)}
        schedules = schedules_of_targets(targets, handling.assign, self._policy)
        timeline = self.calendar.timeline(
            {key: self.calendar.shifts(key, handling.allowed) for key in schedules},
            {key for step in steps for key in (step.during, step.outside) if key},
            {timedelta(0), *(step.after for step in steps)},
            {person.hours for person in self._policy.people.values() if person.hours},
        )
        rules = PolicyPair(single_route_policy, single_route_policy, NO_ID, self._calendars)
        simulation = CoverageSimulation(scenario.observation, self._source, rules, timeline, self._within)
        return simulation.intervals(self._start, self._end)


def _cut(intervals: Iterable[CoverageInterval], start: datetime, end: datetime) -> Iterator[CoverageInterval]:
    """Yield the parts of the intervals between start and end."""
    for interval in intervals:
        if interval.end > start and interval.start < end:
            is_whole = start <= interval.start and interval.end <= end
            yield (
                interval
                if is_whole
                else replace(interval, start=max(interval.start, start), end=min(interval.end, end))
            )
