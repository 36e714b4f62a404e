"""Who is on call, as somebody may see it: now and next, their own shifts, two weeks of schedules, overrides."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from escalator.engine.oncall import OnCallStatus, may_view_on_call, may_view_schedule, next_shifts_of, on_call_statuses
from escalator.engine.overrides import may_end_override, with_overrides
from escalator.engine.roster import Roster
from escalator.model.policy import Person, Policy
from escalator.model.schedule import Calendars, ManualOverride, Schedule, Shift
from escalator.rendering.oncall_week import Strip, begins, strip
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy

WEEKS = 2
_BEYOND = timedelta(weeks=1)
"""How far a shift is followed beyond the weeks shown: a turn is seldom longer."""
_OWN = 6


@dataclass(frozen=True, slots=True)
class ScheduleWeeks:
    """The weeks of one schedule, and all shifts that touch them, computed from `since` to `until`."""

    schedule: Schedule
    strips: tuple[Strip, ...]
    shifts: tuple[Shift, ...]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class CoverageGaps:
    """Future times when a schedule has nobody: how often, how long in all of the weeks shown, and the next."""

    rota: ScheduleWeeks
    count: int
    total: timedelta
    next: Shift


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """One override that is not over, and whether the reader may end it."""

    one: ManualOverride
    may_take_back: bool


@dataclass(frozen=True, slots=True)
class OnCallPage:
    """The page; `own` are the reader's next shifts, each with its schedule."""

    duties: tuple[OnCallStatus, ...]
    own: tuple[tuple[str, Shift], ...]
    rotas: tuple[ScheduleWeeks, ...]
    gaps: tuple[CoverageGaps, ...]
    stands: tuple[OverrideRow, ...]


def oncall_page(core: Core, reader: Person, running: RunningPolicy, monday: date, zone: ZoneInfo) -> OnCallPage:
    """Return what the reader may see, the weeks from that Monday in that zone. Raises Unavailable."""
    now = core.clock.now()
    roster, end = running.roster(now), begins(monday + timedelta(weeks=WEEKS), zone)
    schedule_weeks = tuple(_schedule_weeks(core, reader, running, monday, zone))
    return OnCallPage(
        tuple(status for status in on_call_statuses(roster) if may_view_on_call(status, reader, running.policy)),
        tuple(next_shifts_of(reader.key, roster, _OWN)),
        schedule_weeks,
        tuple(found for rota in schedule_weeks if (found := _gaps(rota, now, end)) is not None),
        tuple(
            OverrideRow(stand_in, may_end_override(reader, stand_in))
            for stand_in in running.stand_ins
            if stand_in.person in running.policy.people and may_view_schedule(stand_in.schedule, reader, running.policy)
        ),
    )


def _schedule_weeks(
    core: Core, reader: Person, running: RunningPolicy, monday: date, zone: ZoneInfo
) -> Iterator[ScheduleWeeks]:
    """Yield the schedules the reader may see; in the past, who really was on call."""
    mondays = [monday + timedelta(weeks=week) for week in range(WEEKS)]
    start, end = begins(monday, zone), begins(monday + timedelta(weeks=WEEKS), zone)
    policy = running.policy
    if start < core.clock.now():
        with core.database.reading() as connection:
            policy = with_overrides(policy, core.policies.stand_ins(connection, start))
    for schedule in policy.schedules.values():
        if may_view_schedule(schedule.key, reader, policy):
            all_shifts = tuple(_shifts_with_margin(policy, schedule, running.calendars, start, end))
            strips = tuple(strip(all_shifts, day, zone) for day in mondays)
            yield ScheduleWeeks(schedule, strips, all_shifts, start - _BEYOND, end + _BEYOND)


def _shifts_with_margin(
    policy: Policy, schedule: Schedule, calendars: Calendars, start: datetime, end: datetime
) -> Iterator[Shift]:
    """Yield the shifts that touch this span, uncut at its ends."""
    shifts = Roster(policy, start, calendars).shifts_of_period(schedule, start - _BEYOND, end + _BEYOND)
    return (shift for shift in shifts if shift.start < end and start < shift.end)


def _gaps(weeks: ScheduleWeeks, now: datetime, end: datetime) -> CoverageGaps | None:
    empty = [shift for shift in weeks.shifts if not shift.people and shift.end > now]
    if not empty:
        return None
    total = sum((min(span.end, end) - max(span.start, now) for span in empty), timedelta(0))
    return CoverageGaps(weeks, len(empty), total, empty[0])
