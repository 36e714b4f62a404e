"""That nobody is on call is a fact of its own: the lead is told, the next step fires at once, and it is recorded.

And who a team means while its rota turns, looked up when a step fires.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.apply_event import open_incident
from escalator.engine.deadlines import fire_deadline
from escalator.engine.incident_change import Change
from escalator.engine.targets import resolve_targets
from escalator.model.incident import DueKind
from escalator.model.policy import Policy, Step, Team
from escalator.model.schedule import Booking, Override, Schedule
from tests.builders import (
    EXAMPLE_POLICY,
    START,
    a_blank,
    a_policy,
    a_roster,
    a_route,
    an_observation,
    minute,
    recorded,
    rules,
    told,
)

UTC = ZoneInfo("UTC")
SOON = timedelta(minutes=5)
LATER = START + timedelta(days=1)


def empty_rota(people: tuple[str, ...] = ("ana",)) -> Schedule:
    """A rota that names these people from tomorrow on."""
    return Schedule("rota", UTC, overrides=tuple(Override(one, LATER, LATER + SOON) for one in people))


def policy_with(team: Team, *steps: Step, schedule: Schedule | None = None) -> Policy:
    return a_policy(
        teams={**EXAMPLE_POLICY.teams, team.key: team},
        schedules={"rota": schedule or empty_rota()},
        paths={"path": steps, "log-only": ()},
        routes=(replace(a_route("path"), assign=team.key),),
    )


def opened(policy: Policy) -> Change:
    return open_incident(a_blank(), an_observation(), rules(policy), START)


NIGHT = Team("night", ("ana", "ben"), lead="eli", schedule="rota")


def test_the_lead_is_told_and_the_next_step_is_due_at_once() -> None:
    policy = policy_with(NIGHT, Step(("team",)), Step(("ts-leads",), SOON))
    change = opened(policy)
    assert told(change) == ["person:eli"]
    assert (change.incident.due_kind, change.incident.due_at) == (DueKind.STEP, START)
    (entry,) = [entry for entry in change.entries if entry.action == "target.nobody_on_call"]
    assert entry.after == {"target": "team"}
    following = fire_deadline(change.incident, rules(policy), START)
    assert told(following) == ["ts-leads"]


def test_it_is_at_once_though_a_channel_of_the_step_was_told() -> None:
    change = opened(policy_with(NIGHT, Step(("critical-alerts", "team")), Step(("ts-leads",), SOON)))
    assert told(change) == ["critical-alerts", "person:eli"]
    assert change.incident.due_at == START


def test_repeats_for_nobody_are_left_out_where_a_step_follows() -> None:
    policy = policy_with(NIGHT, Step(("critical-alerts",)), Step(("team",), SOON, repeat=3), Step(("ts-leads",), SOON))
    second = fire_deadline(opened(policy).incident, rules(policy), minute(5))
    assert (second.incident.due_at, told(second)) == (minute(5), ["person:eli"])
    assert told(fire_deadline(second.incident, rules(policy), minute(5))) == ["ts-leads"]


def test_the_last_step_is_never_cut_short() -> None:
    policy = policy_with(NIGHT, Step(("critical-alerts",)), Step(("ts-leads", "team"), SOON, repeat=1))
    second = fire_deadline(opened(policy).incident, rules(policy), minute(5))
    assert told(second) == ["ts-leads", "person:eli"]
    assert (second.incident.due_kind, second.incident.due_at) == (DueKind.STEP, minute(10))


def test_without_a_lead_the_step_reaches_nobody_and_the_next_follows_at_once() -> None:
    policy = policy_with(replace(NIGHT, lead=None), Step(("team",)), Step(("ts-leads",), SOON))
    change = opened(policy)
    assert (told(change), change.incident.due_at) == ([], START)
    assert recorded(change)[-3:] == ["nobody_on_call", "fired", "reached_nobody"]


def test_a_schedule_with_nobody_has_no_lead() -> None:
    change = opened(policy_with(NIGHT, Step(("critical-alerts", "schedule:rota")), Step(("ts-leads",), SOON)))
    assert (told(change), change.incident.due_at) == (["critical-alerts"], START)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-08-20T14:00Z", ["person:ana"], id="the first, in an even week"),
        pytest.param("2026-08-24T06:59Z", ["person:ana"], id="until the handover on Monday at nine in Madrid"),
        pytest.param("2026-08-24T07:00Z", ["person:ben"], id="the next from the handover on"),
        pytest.param("2026-12-24T12:00Z", ["person:ben"], id="an override, instead of whoever it would be"),
    ],
)
def test_a_team_means_whoever_of_it_is_on_call_when_the_step_fires(at: str, expected: list[str]) -> None:
    found = resolve_targets(["team"], "child-safety", a_roster(datetime.fromisoformat(at)))
    assert [one.destination for one in found.recipients] == expected
    assert found.unattended == ()


def test_who_is_looked_up_at_each_step_so_that_a_path_follows_the_sun() -> None:
    sun = Schedule(
        "rota",
        UTC,
        overrides=(Override("ana", START - SOON, START + SOON), Override("ben", START + SOON, START + 3 * SOON)),
    )
    policy = policy_with(NIGHT, Step(("team",)), Step(("team",), SOON), schedule=sun)
    first = opened(policy)
    second = fire_deadline(first.incident, rules(policy), minute(5))
    assert (told(first), told(second)) == (["person:ana"], ["person:ben"])


def test_who_stands_in_for_a_team_need_not_be_of_it() -> None:
    cover = Schedule("rota", UTC, overrides=(Override("chen", START - SOON, START + SOON),))
    assert told(opened(policy_with(NIGHT, Step(("team",)), schedule=cover))) == ["person:chen"]


def test_of_a_rota_that_teams_share_each_takes_its_own() -> None:
    shared = Schedule("rota", UTC, people=("ana", "chen"))
    assert told(opened(policy_with(NIGHT, Step(("team",)), schedule=shared))) == ["person:ana"]


@pytest.mark.parametrize(
    ("calendars", "expected"),
    [
        pytest.param({}, ["person:dana"], id="no feed yet: who is named meanwhile"),
        pytest.param({"seniors-on-call": ()}, ["person:dana"], id="nobody in the feed"),
        pytest.param(
            {"seniors-on-call": (Booking(START, START + SOON, ("chen", "eli")),)},
            ["person:chen", "person:eli"],
            id="whom the feed names",
        ),
        pytest.param(
            {"seniors-on-call": (Booking(START, START + SOON, ()),)}, ["person:dana"], id="an event that names nobody"
        ),
        pytest.param(
            {"seniors-on-call": (Booking(START - SOON, START, ("chen",)),)}, ["person:dana"], id="the end is exclusive"
        ),
    ],
)
def test_a_schedule_with_a_calendar(calendars: dict[str, tuple[Booking, ...]], expected: list[str]) -> None:
    roster = replace(a_roster(START), calendars=calendars)
    found = resolve_targets(["schedule:seniors-on-call"], None, roster)
    assert [one.destination for one in found.recipients] == expected


def test_a_restricted_category_tells_only_people_who_may_know() -> None:
    policy = a_policy(
        paths={**EXAMPLE_POLICY.paths, "child-safety": (Step(("person:eli", "person:dana", "ts-pager")),)}
    )
    change = open_incident(a_blank(), an_observation(label="CSAM"), rules(policy), START)
    assert told(change) == ["person:dana", "ts-pager"]
    (entry,) = [entry for entry in change.entries if entry.action == "target.not_allowed"]
    assert entry.after == {"target": "person:eli"}


def test_a_step_of_which_nobody_may_know_is_followed_at_once() -> None:
    steps = (Step(("person:eli",)), Step(("team:senior-moderators",), SOON))
    policy = a_policy(paths={**EXAMPLE_POLICY.paths, "child-safety": steps})
    change = open_incident(a_blank(), an_observation(label="CSAM"), rules(policy), START)
    assert (told(change), change.incident.due_at) == ([], START)


def test_a_path_that_reaches_nobody_who_may_know_tells_all_who_may() -> None:
    paths = {**EXAMPLE_POLICY.paths, "child-safety": (Step(("person:eli",)),)}
    change = open_incident(a_blank(), an_observation(label="CSAM"), rules(a_policy(paths=paths, alarms=())), START)
    assert told(change) == ["person:ana", "person:ben", "person:chen", "person:dana"]
    assert change.incident.due_kind is DueKind.RESTART
