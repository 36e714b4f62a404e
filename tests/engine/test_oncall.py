"""Who is on call now, until when, and who comes next. Local times are Madrid's in January: an hour before UTC."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.oncall import (
    HORIZON,
    OnCallStatus,
    may_view_on_call,
    may_view_schedule,
    may_view_team,
    next_shifts_of,
    on_call_statuses,
    schedule_on_call,
    team_on_call,
)
from escalator.engine.roster import Roster
from escalator.model.policy import Category, Policy, Team
from escalator.model.schedule import Booking, Calendars, Hours, Layer, Override, RotationUnit, Schedule, Shift
from tests.builders import a_policy

MADRID = ZoneInfo("Europe/Madrid")
WEEKLY = Layer(("ana", "ben"), RotationUnit.WEEKS, date(2026, 1, 5), time(9), day=0)
OFFICE = Hours("office", time(9), time(18), frozenset(range(5)), MADRID)
BY_DAY = Layer(("ana",), RotationUnit.WEEKS, date(2026, 1, 5), time(9), hours="office")
INSTEAD = Override("chen", datetime.fromisoformat("2026-01-07T12:00"), datetime.fromisoformat("2026-01-07T14:00"))
MONDAY = datetime(2026, 1, 12, 8, tzinfo=UTC)


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def a_schedule(*layers: Layer, **changes) -> Schedule:
    return Schedule("rota", MADRID, layers, **changes)


def with_schedule(schedule: Schedule) -> Policy:
    return a_policy(schedules={"rota": schedule}, hours={"office": OFFICE})


@pytest.mark.parametrize(
    ("schedule", "now", "expected"),
    [
        pytest.param(
            a_schedule(WEEKLY), at(6, 10), (("ana",), MONDAY, ("ben",), MONDAY), id="a weekly turn, and the next"
        ),
        pytest.param(
            a_schedule(WEEKLY), MONDAY, (("ben",), at(19, 8), ("ana",), at(19, 8)), id="at the handover it is the next"
        ),
        pytest.param(
            a_schedule(WEEKLY, overrides=(INSTEAD,)),
            at(7, 10),
            (("ana",), at(7, 11), ("chen",), at(7, 11)),
            id="an override comes next",
        ),
        pytest.param(
            a_schedule(BY_DAY), at(9, 10), (("ana",), at(9, 17), ("ana",), at(12, 8)), id="a gap: next is after it"
        ),
        pytest.param(
            a_schedule(BY_DAY), at(10, 10), ((), at(12, 8), ("ana",), at(12, 8)), id="nobody until the hours open"
        ),
        pytest.param(
            a_schedule(people=("dana",)), at(6, 10), (("dana",), None, (), None), id="always the same: no end in sight"
        ),
        pytest.param(a_schedule(), at(6, 10), ((), None, (), None), id="nobody at all"),
    ],
)
def test_who_is_on_call_and_who_is_next(schedule: Schedule, now: datetime, expected: tuple[object, ...]) -> None:
    found = schedule_on_call(schedule, Roster(with_schedule(schedule), now))
    assert (found.now, found.until, found.next, found.next_from) == expected
    assert found.is_attended is bool(expected[0])


def test_a_calendar_counts_here_too() -> None:
    schedule = a_schedule(WEEKLY, ical="feed")
    calendars = {"rota": (Booking(at(6, 9), at(6, 12), ("dana",)),)}
    found = schedule_on_call(schedule, Roster(with_schedule(schedule), at(6, 10), calendars))
    assert (found.now, found.until, found.next) == (("dana",), at(6, 12), ("ana",))


@pytest.mark.parametrize(
    ("members", "now", "until"),
    [
        pytest.param(("ana", "ben"), ("ana",), MONDAY, id="who of the team is on call"),
        pytest.param(("ana", "chen"), ("ana",), MONDAY, id="whoever stands in for all of them counts for the team"),
    ],
)
def test_a_team_is_whoever_of_it_is_on_call(members: tuple[str, ...], now: tuple[str, ...], until: datetime) -> None:
    team = Team("a", members, lead="dana", schedule="rota")
    found = team_on_call(team, Roster(with_schedule(a_schedule(WEEKLY)), at(6, 10)))
    assert found == OnCallStatus("a", True, now, until, ("ben",), until, lead="dana", schedule="rota")


def test_a_team_does_not_change_where_only_others_on_its_schedule_do() -> None:
    pair = a_schedule(people=("ana",), ical="feed")
    calendars = {"rota": (Booking(at(6, 9), at(7, 9), ("ana", "dana")), Booking(at(7, 9), at(8, 9), ("ana", "eli")))}
    found = team_on_call(Team("a", ("ana", "ben"), schedule="rota"), Roster(with_schedule(pair), at(6, 10), calendars))
    assert (found.now, found.until) == (("ana",), None)


def test_a_team_without_a_rota_is_everybody() -> None:
    team = Team("a", ("ana", "ben"), lead="ben")
    assert team_on_call(team, Roster(a_policy(), at(6, 10))) == OnCallStatus("a", True, ("ana", "ben"), lead="ben")


def test_every_team_has_its_duty_and_then_every_schedule() -> None:
    assert [duty.key for duty in on_call_statuses(Roster(a_policy(), at(6, 10)))] == [
        *("child-safety", "policy", "senior-moderators"),
        *("child-safety-rota", "seniors-on-call"),
    ]


# --- Who may see it ------------------------------------------------------------------------------------------------

# Ana is in the team of a restricted category, Ben is not. Both teams are on the schedule `shared`.
HARMS = {
    "secret": Category("secret", "Secret", restricted_to=("watch",)),
    "sealed": Category("sealed", "Sealed", restricted_to=("team:guard",)),
    "open": Category("open", "Open"),
}
GUARDED = a_policy(
    categories=HARMS,
    teams={
        "watch": Team("watch", ("ana",), schedule="own"),
        "guard": Team("guard", ("ana",), schedule="shared"),
        "everyday": Team("everyday", ("ben",), schedule="shared"),
    },
    schedules={key: Schedule(key, MADRID, people=("ana",)) for key in ("own", "shared", "unused")},
)


@pytest.mark.parametrize(
    ("team", "schedule", "ana", "ben"),
    [
        pytest.param("everyday", None, True, True, id="a team that no restricted category names"),
        pytest.param("watch", None, True, False, id="the team of a restricted category"),
        pytest.param("guard", None, True, False, id="one that is named in full"),
        pytest.param(None, "unused", True, True, id="a schedule of no team"),
        pytest.param(None, "own", True, False, id="the schedule of a hidden team"),
        pytest.param(None, "shared", True, True, id="a schedule that another team uses too"),
    ],
)
def test_who_may_see_who_is_on_call(team: str | None, schedule: str | None, ana: bool, ben: bool) -> None:
    key = team or schedule or ""
    status = OnCallStatus(key, is_team=team is not None, now=("ana",))
    may_view = may_view_team if team else may_view_schedule
    for person, may in (("ana", ana), ("ben", ben)):
        assert may_view(key, GUARDED.people[person], GUARDED) is may
        assert may_view_on_call(status, GUARDED.people[person], GUARDED) is may


def test_a_team_and_a_schedule_of_one_name_are_told_apart() -> None:
    policy = replace(GUARDED, schedules={**GUARDED.schedules, "watch": Schedule("watch", MADRID, people=("ben",))})
    team, schedule = (OnCallStatus("watch", is_team=is_team, now=()) for is_team in (True, False))
    ben = policy.people["ben"]
    assert (may_view_on_call(team, ben, policy), may_view_on_call(schedule, ben, policy)) == (False, True)


def test_the_status_of_a_schedule_is_that_of_no_team() -> None:
    statuses = on_call_statuses(Roster(GUARDED, at(6, 10)))
    assert [(one.key, one.is_team) for one in statuses] == [
        *((key, True) for key in GUARDED.teams),
        *((key, False) for key in GUARDED.schedules),
    ]


def test_the_next_shifts_of_somebody_are_in_order_of_time_whatever_the_schedule() -> None:
    late = Layer(("ana", "ben"), RotationUnit.WEEKS, date(2026, 1, 7), time(9), day=2)
    schedules = {
        "a": Schedule("a", MADRID, (late,)),
        "b": Schedule("b", MADRID, (WEEKLY,)),
        "c": Schedule("c", MADRID),
    }
    calendars = {"c": (Booking(at(9, 8), at(9, 12), ("ana",)),)}
    roster = Roster(a_policy(schedules=schedules), at(5, 10), calendars)
    found = [(key, shift.start) for key, shift in next_shifts_of("ana", roster, 4)]
    assert found == [("b", at(5, 10)), ("a", at(7, 8)), ("c", at(9, 8)), ("b", at(19, 8))]
    assert next_shifts_of("dana", roster, 4) == []


@pytest.mark.parametrize("schedule", [a_schedule(WEEKLY), a_schedule(BY_DAY), a_schedule(WEEKLY, overrides=(INSTEAD,))])
def test_the_search_in_windows_finds_the_shifts_of_the_whole_horizon(schedule: Schedule) -> None:
    roster = Roster(with_schedule(schedule), at(6, 10))
    whole = [shift for shift in roster.shifts(schedule, roster.at, roster.at + HORIZON) if "ana" in shift.people]
    assert [shift for _key, shift in next_shifts_of("ana", roster, 100)] == whole


class WatchedRoster(Roster):
    """Remembers how far ahead shifts were computed."""

    furthest: ClassVar[list[datetime]] = []

    def shifts(self, schedule: Schedule, start: datetime, end: datetime) -> Iterator[Shift]:
        self.furthest.append(end)
        return super().shifts(schedule, start, end)


def test_no_shift_is_computed_far_beyond_the_next_change() -> None:
    roster = WatchedRoster(with_schedule(a_schedule(WEEKLY, overrides=(INSTEAD,))), at(7, 10))
    schedule_on_call(a_schedule(WEEKLY, overrides=(INSTEAD,)), roster)
    assert max(roster.furthest) <= at(7, 10) + timedelta(days=6)


def test_the_shifts_of_a_period_are_computed_once_for_equal_input_and_anew_for_other() -> None:
    def shifts(schedule: Schedule, calendars: Calendars, now: datetime, hours: Hours = OFFICE) -> tuple[Shift, ...]:
        policy = a_policy(schedules={"rota": schedule}, hours={"office": hours})
        return Roster(policy, now, calendars).shifts_of_period(schedule, at(5, 0), at(19, 0))

    plain = a_schedule(BY_DAY)
    first = shifts(plain, {}, at(6, 10))
    assert first == tuple(Roster(with_schedule(plain), at(6, 10)).shifts(plain, at(5, 0), at(19, 0)))
    assert shifts(plain, {}, at(9, 10)) is first
    booked = {"rota": (Booking(at(9, 8), at(9, 12), ("ben",)),)}
    later = replace(OFFICE, start=time(10))
    others = [
        shifts(plain, booked, at(6, 10)),
        shifts(plain, {}, at(6, 10), later),
        shifts(a_schedule(BY_DAY, overrides=(INSTEAD,)), {}, at(6, 10)),
    ]
    assert len({first, *others}) == 4
