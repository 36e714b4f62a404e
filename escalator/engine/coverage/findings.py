"""Findings of a coverage: holes, single points of failure, gaps in schedules, holidays, handovers."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise, takewhile

from escalator.engine.coverage.timeline import ChangeCalendar
from escalator.engine.coverage.values import (
    CoverageHole,
    CoverageInterval,
    CoverageRow,
    Handover,
    Holiday,
    ScheduleGap,
    SingleResponder,
)
from escalator.engine.hours import DURING, OUTSIDE
from escalator.model.policy import Policy
from escalator.model.schedule import Shift
from escalator.schedules.holiday import is_holiday

_DAY = timedelta(days=1)
_NOBODY = timedelta.max
_Late = tuple[datetime, datetime, timedelta]


def find_holes(rows: Iterable[CoverageRow], within: timedelta) -> tuple[CoverageHole, ...]:
    """Return for every row the openings of which nobody is notified in time; adjacent ones are joined."""
    return tuple(
        CoverageHole(row, start, end, None if longest == _NOBODY else longest)
        for row in rows
        for start, end, longest in _joined(_late(row.intervals_with_steps, within))
    )


def _late(intervals: Iterable[CoverageInterval], within: timedelta) -> Iterator[_Late]:
    for interval in intervals:
        end = interval.end if interval.at is None else min(interval.end, interval.at - within)
        is_in_time = interval.delay is not None and interval.delay <= within
        if not is_in_time and interval.start < end:
            yield interval.start, end, _NOBODY if interval.longest is None else interval.longest


def _joined(pieces: Iterable[_Late]) -> Iterator[_Late]:
    """Yield the pieces; adjacent ones are joined, with the longest of their waits."""
    last: _Late | None = None
    for start, end, longest in pieces:
        if last is not None and last[1] == start:
            last = (last[0], end, max(last[2], longest))
        else:
            if last is not None:
                yield last
            last = (start, end, longest)
    if last is not None:
        yield last


def find_single_responders(rows: Iterable[CoverageRow]) -> tuple[SingleResponder, ...]:
    """Return the openings of which only one person is notified before the path restarts.

    A pager and an urgent channel are more than one person.
    """
    return tuple(single for row in rows for single in _singles(row))


def _singles(row: CoverageRow) -> Iterator[SingleResponder]:
    for person, group in groupby(row.intervals, key=_only_person):
        if person is not None:
            for start, end, _longest in _joined((interval.start, interval.end, _NOBODY) for interval in group):
                yield SingleResponder(row, start, end, person)


def _only_person(interval: CoverageInterval) -> str | None:
    reached = interval.reached
    return reached[0].who if len(reached) == 1 and reached[0].is_person else None


def find_schedule_gaps(
    policy: Policy, calendar: ChangeCalendar, start: datetime, end: datetime
) -> tuple[ScheduleGap, ...]:
    """Return the times in which schedules have nobody on call."""
    return tuple(
        ScheduleGap(key, max(shift.start, start), min(shift.end, end))
        for key in policy.schedules
        for shift in _shifts(calendar, key, end)
        if not shift.people
    )


def find_handoffs(policy: Policy, calendar: ChangeCalendar, start: datetime, end: datetime) -> tuple[Handover, ...]:
    """Return every handover after start and before end, in order."""
    handovers = [
        Handover(key, after.start, before.people, after.people)
        for key in policy.schedules
        for before, after in pairwise(_shifts(calendar, key, end))
        if after.start > start
    ]
    return tuple(sorted(handovers, key=lambda handover: (handover.at, handover.schedule)))


def _shifts(calendar: ChangeCalendar, schedule: str, end: datetime) -> Iterator[Shift]:
    """Return the shifts that begin before the end: a calendar looks further ahead."""
    return takewhile(lambda shift: shift.start < end, calendar.shifts(schedule))


def find_holidays(policy: Policy, start: datetime, end: datetime) -> tuple[Holiday, ...]:
    """Return public holidays on weekdays on which hours that a route, step, person or layer uses are otherwise open."""
    used = _used_hours(policy)
    holidays = [
        Holiday(day, hours.key, hours.holidays)
        for hours in policy.hours.values()
        if hours.key in used and hours.holidays
        for day in _days(start.astimezone(hours.timezone), end.astimezone(hours.timezone))
        if day.weekday() in hours.weekdays and is_holiday(hours.holidays, day)
    ]
    return tuple(sorted(holidays, key=lambda holiday: (holiday.day, holiday.hours)))


def _days(start: datetime, end: datetime) -> Iterator[date]:
    day = start.date()
    while day <= (end - timedelta(microseconds=1)).date():
        yield day
        day += _DAY


def _used_hours(policy: Policy) -> frozenset[str]:
    conditions = [tests for route in policy.routes for tests in (route.when.tests, route.unless.tests)]
    routes = (key for tests in conditions for name in (DURING, OUTSIDE) for key in tests.get(name, ()))
    steps = (key for path in policy.paths.values() for step in path for key in (step.during, step.outside))
    people = (person.hours for person in policy.people.values())
    layers = (layer.hours for schedule in policy.schedules.values() for layer in schedule.layers)
    return frozenset(key for key in (*routes, *steps, *people, *layers) if key)
