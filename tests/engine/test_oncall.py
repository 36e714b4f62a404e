"""Who is on call now, until when, and who comes next. Local times are Madrid's in January: an hour before UTC."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.oncall import OnCallStatus, on_call_statuses, schedule_on_call, team_on_call
from escalator.engine.roster import Roster
from escalator.model.policy import Policy, Team
from escalator.model.schedule import Booking, Hours, Layer, Override, RotationUnit, Schedule
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
