"""Whom a target of a step means, when it fires (RULES 2)."""

from dataclasses import replace

import pytest

from escalator.engine.targets import (
    first_contact,
    last_resort_targets,
    members_of,
    people_of_target,
    resolve_targets,
    schedules_of_targets,
    team_of,
)
from escalator.model.destination_kind import DestinationKind
from escalator.model.policy import Person, Team
from tests.builders import a_policy, a_roster

SLACK, PAGERDUTY, EMAIL = DestinationKind.SLACK, DestinationKind.PAGERDUTY, DestinationKind.EMAIL


@pytest.mark.parametrize(
    ("targets", "assign", "expected"),
    [
        pytest.param(["critical-alerts"], None, ["critical-alerts"], id="a destination"),
        pytest.param(["person:dana"], None, ["person:dana"], id="a person"),
        pytest.param(["team:policy"], None, ["person:chen", "person:ben"], id="a team: its members"),
        pytest.param(["schedule:seniors-on-call"], None, ["person:dana"], id="a schedule: whom it names"),
        pytest.param(["team"], "child-safety", ["person:ana"], id="team: whoever is assigned, and on call"),
        pytest.param(["team"], "person:eli", ["person:eli"], id="team: an assigned person"),
        pytest.param(["team"], "schedule:seniors-on-call", ["person:dana"], id="team: an assigned schedule"),
        pytest.param(
            ["team:policy", "team:child-safety"],
            None,
            ["person:chen", "person:ben", "person:ana"],
            id="told once, in the order of the step",
        ),
        pytest.param(["person:ana", "team"], "child-safety", ["person:ana"], id="named twice, told once"),
    ],
)
def test_who_is_told(targets: list[str], assign: str | None, expected: list[str]) -> None:
    found = resolve_targets(targets, assign, a_roster())
    assert [one.destination for one in found.recipients] == expected
    assert found.missing == ()


@pytest.mark.parametrize(
    ("target", "assign"),
    [
        pytest.param("no-such-place", None, id="a destination that is gone"),
        pytest.param("person:zoe", None, id="a person who has left"),
        pytest.param("team:gone", None, id="a team that is gone"),
        pytest.param("schedule:gone", None, id="a schedule that is gone"),
        pytest.param("team", None, id="team, and nobody is assigned"),
        pytest.param("team", "gone", id="team, and the assigned one is gone"),
        pytest.param("team", "team", id="team, assigned to itself"),
    ],
)
def test_a_target_that_means_nobody_is_missing(target: str, assign: str | None) -> None:
    found = resolve_targets([target, "critical-alerts"], assign, a_roster())
    assert found.missing == (target,)
    assert [one.destination for one in found.recipients] == ["critical-alerts"]


@pytest.mark.parametrize(
    ("owner", "members"),
    [
        pytest.param("person:dana", ("dana",), id="a person"),
        pytest.param("policy", ("chen", "ben"), id="a team"),
        pytest.param("team:policy", ("chen", "ben"), id="a team by its full name"),
        pytest.param("schedule:child-safety-rota", ("ana", "ben"), id="a schedule: on call or not"),
        pytest.param("schedule:gone", (), id="a schedule that is gone"),
        pytest.param("gone", (), id="a team that is gone"),
    ],
)
def test_who_belongs_to_an_owner(owner: str, members: tuple[str, ...]) -> None:
    assert members_of(owner, a_policy()) == members


@pytest.mark.parametrize(
    ("targets", "assign", "schedules"),
    [
        pytest.param(["schedule:seniors-on-call"], None, {"seniors-on-call"}, id="one that is named"),
        pytest.param(["team:child-safety"], None, {"child-safety-rota"}, id="that of a team"),
        pytest.param(["team"], "child-safety", {"child-safety-rota"}, id="that of the assigned team"),
        pytest.param(["team"], None, set(), id="none where nobody is assigned"),
        pytest.param(["schedule:gone", "team:policy", "critical-alerts"], None, set(), id="none that does not exist"),
    ],
)
def test_which_schedules_decide_whom_a_step_means(targets: list[str], assign: str | None, schedules: set[str]) -> None:
    assert schedules_of_targets(targets, assign, a_policy()) == schedules


def test_a_recipient_says_what_the_step_said_and_by_which_channel() -> None:
    (pager, dana) = resolve_targets(["ts-pager", "person:dana"], None, a_roster()).recipients
    assert (pager.target, pager.kind, pager.person) == ("ts-pager", PAGERDUTY, None)
    assert (dana.target, dana.kind, dana.person) == ("person:dana", SLACK, "dana")
    (ana,) = resolve_targets(["team"], "child-safety", a_roster()).recipients
    assert (ana.target, ana.destination, ana.person) == ("team", "person:ana", "ana")


def test_the_assigned_team_is_no_target_of_itself() -> None:
    assert team_of("team", "team", a_policy()) is None
    assert people_of_target("team", "team", a_roster()) == ()


def test_a_team_without_members_is_its_lead() -> None:
    teams = {"leads": Team("leads", (), lead="eli"), "empty": Team("empty", ())}
    assert people_of_target("team:leads", None, a_roster(teams=teams)) == ("eli",)
    assert people_of_target("team:empty", None, a_roster(teams=teams)) == ()


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        pytest.param(
            Person("a", "A", slack="U1", email="a@example.com"), SLACK, id="Slack first, unless said otherwise"
        ),
        pytest.param(Person("a", "A", email="a@example.com"), EMAIL, id="the first with an address"),
        pytest.param(
            Person("a", "A", slack="U1", pagerduty="P1", contact=(PAGERDUTY, SLACK)),
            PAGERDUTY,
            id="the order they ask for",
        ),
        pytest.param(Person("a", "A"), SLACK, id="no address at all: Slack, which will say so"),
        pytest.param(
            Person("a", "A", email="a@example.com", contact=(DestinationKind.JIRA, EMAIL)),
            EMAIL,
            id="nobody is reached by a board",
        ),
    ],
)
def test_the_first_contact(person: Person, expected: DestinationKind) -> None:
    assert first_contact(person) is expected


def test_the_last_resort_is_who_hears_of_alarms_else_every_admin() -> None:
    policy = a_policy()
    assert last_resort_targets(policy) == ("critical-alerts", "person:eli")
    assert last_resort_targets(replace(policy, alarms=())) == ("person:eli",)
