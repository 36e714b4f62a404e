"""Whoever may not acknowledge an incident, by role or by its restriction, is nobody: they are told besides at most."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalator.engine.apply_event import open_incident
from escalator.engine.coverage.compute import compute_coverage
from escalator.engine.deadlines import fire_deadline
from escalator.engine.handoff import handoff_recipients as told_of_shift
from escalator.engine.incident_change import Change
from escalator.engine.oncall import next_shifts_of, schedule_on_call, team_on_call
from escalator.engine.permissions import allowed_people, people_who_may_acknowledge
from escalator.engine.roster import Roster
from escalator.engine.targets import resolve_targets
from escalator.model.levels import Role, Severity
from escalator.model.policy import Category, Person, Policy, Step, Team
from escalator.model.schedule import Booking, Layer, Override, RotationUnit, Schedule
from tests.builders import EXAMPLE_POLICY, START, a_blank, a_policy, a_route, an_observation, minute, rules, told
from tests.engine.policies import WINDOW_START, calendars, policies

pytestmark = pytest.mark.long

UTC = ZoneInfo("UTC")
SOON = timedelta(minutes=5)
DAY = timedelta(days=1)
PEOPLE = {
    **EXAMPLE_POLICY.people,
    "vera": Person("vera", "Vera", Role.VIEWER, slack="U0VERA"),
    "audra": Person("audra", "Audra", Role.AUDITOR, slack="U0AUDRA"),
}
ALWAYS = Layer(("vera",), RotationUnit.DAYS, date(2026, 1, 1), time(0))
SPAN = (START - DAY, START + DAY)


def policy_with(*steps: Step, schedule: Schedule | None = None, team: Team | None = None, **changes) -> Policy:
    """One route to a path of these steps, for the team `desk` with the schedule `rota`."""
    desk = team or Team("desk", ("vera", "ana", "ben"), lead="eli", schedule="rota")
    return a_policy(
        people=PEOPLE,
        teams={**EXAMPLE_POLICY.teams, "desk": desk},
        schedules={"rota": schedule or Schedule("rota", UTC, (ALWAYS,))},
        paths={"path": steps, "log-only": ()},
        routes=(replace(a_route("path"), assign="desk"),),
        categories=changes.pop("categories", {}),
        **changes,
    )


def opened(policy: Policy, said: dict[str, tuple[Booking, ...]] | None = None, **facts: str) -> Change:
    return open_incident(a_blank(), an_observation(**facts), replace(rules(policy), calendars=said or {}), START)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        pytest.param(Schedule("rota", UTC, (ALWAYS,)), None, id="a layer"),
        pytest.param(Schedule("rota", UTC, overrides=(Override("vera", *SPAN),)), None, id="an override"),
        pytest.param(Schedule("rota", UTC), (Booking(*SPAN, ("vera", "audra")),), id="a calendar"),
        pytest.param(Schedule("rota", UTC, people=("audra",)), None, id="the schedule itself"),
    ],
)
def test_a_rota_that_names_only_a_viewer_has_nobody_on_call(schedule, said) -> None:
    policy = policy_with(Step(("team",)), Step(("ts-leads",), SOON), schedule=schedule)
    booked = {"rota": said} if said else {}
    change = opened(policy, booked)
    assert told(change) == ["person:eli"], "the lead is told instead"
    assert change.incident.due_at == START, "and the next step follows at once"
    assert [one.after["target"] for one in change.entries if one.action == "target.nobody_on_call"] == ["team"]
    roster = Roster(policy, START, booked)
    assert roster.on_schedule("rota") == roster.on_team(policy.teams["desk"]) == ()
    assert not schedule_on_call(policy.schedules["rota"], roster).is_attended
    assert [one.schedule for one in compute_coverage(policy, START, START + SOON, calendars=booked).gaps] == ["rota"]


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        pytest.param(
            Schedule("rota", UTC, (replace(ALWAYS, people=("ben",)), ALWAYS)), (), id="a layer: the one below it"
        ),
        pytest.param(
            Schedule("rota", UTC, (replace(ALWAYS, people=("ben",)),), (Override("vera", *SPAN),)),
            (),
            id="an override: whoever it would be without it",
        ),
        pytest.param(
            Schedule("rota", UTC, people=("ben",)), (Booking(*SPAN, ("vera",)),), id="a calendar: the schedule's people"
        ),
        pytest.param(Schedule("rota", UTC), (Booking(*SPAN, ("vera", "ben")),), id="an event: whom else it names"),
        pytest.param(Schedule("rota", UTC, people=("audra", "ben")), (), id="the schedule's people: the others"),
    ],
)
def test_whoever_else_the_rota_names_is_on_call_instead_of_a_viewer(schedule, said) -> None:
    policy = policy_with(Step(("team",)), schedule=schedule)
    assert told(opened(policy, {"rota": said})) == ["person:ben"]


def test_the_others_keep_their_turns_beside_a_viewer() -> None:
    rota = Schedule("rota", UTC, (replace(ALWAYS, people=("ana", "vera", "ben"), start=date(2026, 8, 20)),))
    policy = policy_with(Step(("team",)), schedule=rota)
    days = [Roster(policy, START + number * DAY).on_schedule("rota") for number in range(4)]
    assert days == [("ana",), (), ("ben",), ("ana",)]
    duty = team_on_call(policy.teams["desk"], Roster(policy, START))
    assert (duty.now, duty.next, duty.next_from) == (("ana",), ("ben",), datetime(2026, 8, 22, tzinfo=UTC))
    assert next_shifts_of("vera", Roster(policy, START), 5) == []


def test_a_viewer_whom_a_step_names_is_told_besides_and_the_next_step_follows_at_once() -> None:
    policy = policy_with(Step(("person:vera",), repeat=2), Step(("ts-leads",), SOON))
    change = opened(policy)
    assert (told(change), change.incident.due_at) == (["person:vera"], START)
    assert told(fire_deadline(change.incident, rules(policy), START)) == ["ts-leads"]


def test_a_viewer_who_is_named_beside_others_takes_nobodys_place() -> None:
    policy = policy_with(Step(("person:vera", "person:ana")), Step(("ts-leads",), SOON))
    change = opened(policy)
    assert (told(change), change.incident.due_at) == (["person:vera", "person:ana"], minute(5))


def test_a_team_without_schedule_tells_its_viewers_besides() -> None:
    policy = policy_with(Step(("team",)), Step(("ts-leads",), SOON), team=Team("desk", ("vera", "ana")))
    change = opened(policy)
    assert (told(change), change.incident.due_at) == (["person:vera", "person:ana"], minute(5))
    assert team_on_call(policy.teams["desk"], Roster(policy, START)).now == ("ana",)


def test_a_team_of_viewers_has_nobody_on_call_and_its_lead_is_told_too() -> None:
    policy = policy_with(Step(("team",)), Step(("ts-leads",), SOON), team=Team("desk", ("vera", "audra"), lead="eli"))
    change = opened(policy)
    assert (told(change), change.incident.due_at) == (["person:vera", "person:audra", "person:eli"], START)
    assert resolve_targets(["team"], "desk", Roster(policy, START)).unattended == ("team",)


def test_a_lead_who_is_a_viewer_takes_nobodys_place() -> None:
    team = Team("desk", ("ana",), lead="audra", schedule="rota")
    change = opened(policy_with(Step(("team",)), Step(("ts-leads",), SOON), team=team))
    assert (told(change), change.incident.due_at) == (["person:audra"], START)


@pytest.mark.parametrize("alarms", [pytest.param(("person:vera",), id="alarms"), pytest.param((), id="no admin")])
def test_at_the_end_everybody_who_may_acknowledge_hears_when_the_alarms_reach_nobody_who_may(alarms) -> None:
    people = {key: PEOPLE[key] for key in ("vera", "ana", "ben")}
    policy = replace(policy_with(Step(("person:vera",)), alarms=alarms), people=people)
    assert set(told(opened(policy))) == {"person:vera", "person:ana", "person:ben"}


CLOSED = {"csam": Category("csam", "CSAM", ("CSAM",), at_least=Severity.CRITICAL, restricted_to=("inner",))}


def test_whoever_may_not_know_of_a_restricted_category_is_nobody_for_it() -> None:
    rota = Schedule("rota", UTC, (replace(ALWAYS, people=("ana",)), replace(ALWAYS, people=("chen",))))
    policy = policy_with(Step(("team",)), schedule=rota, categories=CLOSED)
    policy = replace(policy, teams={**policy.teams, "inner": Team("inner", ("ana", "vera"))})
    assert told(opened(policy)) == ["person:chen"]
    assert told(opened(policy, label="CSAM")) == ["person:ana"]


def test_coverage_counts_for_a_restricted_category_whoever_is_on_call_for_it() -> None:
    rota = Schedule("rota", UTC, people=("chen", "vera"))
    policy = policy_with(Step(("team",)), schedule=rota, categories=CLOSED)
    policy = replace(policy, teams={**policy.teams, "inner": Team("inner", ("ana",))}, alarms=("person:ana",))
    rows = {row.category: row for row in compute_coverage(policy, START, START + SOON).rows if row.is_unconditional}
    assert {one.first.who for one in rows[None].intervals_with_steps if one.first} == {"chen"}
    assert {one.first.who for one in rows["csam"].intervals_with_steps if one.first} == {"ana"}, (
        "the last resort, not chen"
    )


def test_a_viewer_covers_nothing() -> None:
    policy = policy_with(Step(("person:vera",)), alarms=("person:audra",))
    policy = replace(policy, people={key: PEOPLE[key] for key in ("vera", "audra")})
    found = compute_coverage(policy, START, START + SOON)
    assert {(hole.start, hole.longest) for hole in found.holes} == {(START, None)}


def test_a_change_of_shift_is_told_to_nobody_who_is_no_responder() -> None:
    policy = policy_with(Step(("team",)))
    after = Roster(policy, START).on_team(policy.teams["desk"])
    assert told_of_shift(policy.teams["desk"], ("ana",), after, [], policy) == []


@settings(max_examples=40, derandomize=True, database=None, deadline=None)
@given(policies(), calendars(), st.integers(0, 4))
def test_coverage_never_counts_somebody_who_may_not_acknowledge(policy, said, first) -> None:
    found = compute_coverage(policy, WINDOW_START, WINDOW_START + 3 * DAY, calendars=said)
    for row in found.rows[first::5]:
        facts = {"label": row.category.upper()} if row.category else {}
        incident = open_incident(a_blank(), an_observation(**facts), rules(policy), WINDOW_START).incident
        able = {person.key for person in people_who_may_acknowledge(incident, policy)}
        assert allowed_people(incident, policy) is None or able <= set(allowed_people(incident, policy) or ())
        for interval in row.intervals:
            heard = [*interval.responders, *interval.reached, *([interval.first] if interval.first else [])]
            assert {one.who for one in heard if one.is_person} <= able


def test_nobody_asks_the_rotas_but_the_roster() -> None:
    """Whoever asks them beside it would count people who may not acknowledge."""
    root = Path(__file__).parents[2]
    asking = re.compile(r"from escalator\.schedules\.oncall import [^\n]*\b(on_call|shifts_between)\b")
    found = {
        str(file.relative_to(root))
        for folder in ("escalator", "web", "workers")
        for file in (root / folder).rglob("*.py")
        if asking.search(file.read_text())
    }
    assert found == {"escalator/engine/roster.py", "escalator/schedules/never_on_call.py"}
