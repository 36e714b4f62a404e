"""A policy as a picture."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.roster import Roster
from escalator.model.policy import Team
from escalator.model.schedule import Schedule
from escalator.model.silence import Silence, SilenceScope
from escalator.policy.parse import load
from escalator.rendering.policy_diagram import ladders, target_aim
from tests.commands.conftest import EXAMPLE

POLICY = load(EXAMPLE.read_bytes(), {})
BENS_WEEK = datetime(2026, 1, 12, 12, tzinfo=UTC)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ROSTER = Roster(POLICY, NOW)


def test_every_route_stands_in_order_and_the_default_at_the_end():
    drawn = ladders(ROSTER, ())
    assert [one.name for one in drawn] == [*(route.name for route in POLICY.routes), ""]
    assert [one.number for one in drawn] == [*range(1, len(POLICY.routes) + 1), 0]
    assert drawn[-1].path == POLICY.default


def test_a_ladder_says_when_every_step_tells():
    first = ladders(ROSTER, ())[0]
    assert [(rung.fires, rung.again) for rung in first.rungs] == [
        ("at once", ""),
        ("5 min later", ""),
        ("10 min later", "repeated 3 times, every 10 min"),
    ]


@pytest.mark.parametrize(
    ("at", "on_call"),
    [pytest.param(NOW, "Ana Ruiz", id="ana's week"), pytest.param(BENS_WEEK, "Ben Okafor", id="ben's week")],
)
def test_team_means_who_of_the_routes_team_is_on_call_then(at, on_call):
    team = ladders(Roster(POLICY, at), ())[0].rungs[0].aims[0]
    assert (team.words, [one.name for one in team.people]) == ("child-safety", [on_call])


@pytest.mark.parametrize(
    ("target", "kind", "address"),
    [
        pytest.param("critical-alerts", "Slack", "#critical-alerts", id="a channel is shown"),
        pytest.param("ts-leads", "email", "leads@example.com", id="an address is shown"),
        pytest.param("ts-pager", "PagerDuty", "", id="a routing key is a secret"),
        pytest.param("bi-feed", "webhook", "", id="an address that may hold a secret is not shown"),
    ],
)
def test_a_destination_says_of_what_kind_it_is_and_where(target, kind, address):
    found = target_aim(target, None, ROSTER)
    assert (found.kind, found.address, found.people) == (kind, address, ())


@pytest.mark.parametrize(
    ("target", "people", "note"),
    [
        pytest.param(
            "team:led", ["Ana Ruiz"], "nobody is on call: the lead is notified instead", id="a team with a lead"
        ),
        pytest.param("team:unled", [], "nobody is on call", id="a team without one"),
        pytest.param("schedule:gone", [], "reaches nobody", id="what is not there any more"),
    ],
)
def test_a_target_without_anybody_on_call_says_so(target, people, note):
    rota = {"rota": Schedule("rota", ZoneInfo("UTC"))}
    teams = {"led": Team("led", ("ben",), lead="ana", schedule="rota"), "unled": Team("unled", (), schedule="rota")}
    found = target_aim(target, None, Roster(replace(POLICY, schedules=rota, teams=teams), NOW))
    assert ([one.name for one in found.people], found.note) == (people, note)


def test_what_is_restricted_withheld_silent_or_rehearsed_is_marked():
    drawn = {one.name: one for one in ladders(ROSTER, ())}
    assert [one.key for one in drawn["Child safety"].restricted] == ["csam"]
    assert [one.key for one in drawn["Child safety"].withheld] == ["csam"]
    assert [one.name for one in drawn["Child safety"].drills] == ["Weekly fire drill"]
    assert [name for name, one in drawn.items() if one.is_silent] == ["Lesser things"]


@pytest.mark.parametrize(
    ("of", "name"),
    [
        pytest.param(SilenceScope.ROUTE, "Urgent harms, office hours", id="of the route"),
        pytest.param(SilenceScope.CATEGORY, "threat", id="of a category that it names"),
    ],
)
def test_a_silence_stands_on_the_routes_that_it_is_about(of, name):
    silence = Silence(of, name, NOW, NOW + timedelta(hours=1), "dana", "")
    drawn = {one.name: one for one in ladders(ROSTER, (silence,))}
    assert drawn["Urgent harms, office hours"].silences == (silence,)
    assert drawn["Child safety"].silences == drawn[""].silences == ()
