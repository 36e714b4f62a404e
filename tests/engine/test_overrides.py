"""Overrides that people click: part of the rotas like those of the file, and newer."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.engine.overrides import categories_hidden_from, may_add_override, may_end_override, with_overrides
from escalator.engine.roster import Roster
from escalator.model.levels import Role
from escalator.model.policy import Category, Person, Team
from escalator.model.schedule import ManualOverride, Override, Schedule
from escalator.schedules.oncall import on_call, shifts_between
from tests.builders import a_policy
from tests.schedules.times import CHICAGO, instants, utc
from tests.schedules.values import layers_around, overrides_around

NOON = utc("2026-08-24 12:00")
HOUR = timedelta(hours=1)
PEOPLE = {key: Person(key, key.title()) for key in ("ana", "ben", "chen", "dana", "eli")}


def clicked(person="ben", start=NOON, end=NOON + HOUR, schedule="rota") -> ManualOverride:
    return ManualOverride(UUID(int=1), schedule, person, start, end, "dana")


def a_rota(*stand_ins: ManualOverride, **of_schedule):
    schedule = Schedule("rota", CHICAGO, **{"people": ("ana",)} | of_schedule)
    return with_overrides(a_policy(people=PEOPLE, schedules={"rota": schedule}), stand_ins)


def who(policy, at=NOON) -> tuple[str, ...]:
    return Roster(policy, at).on_schedule("rota")


@pytest.mark.parametrize(
    ("stand_ins", "expected"),
    [
        pytest.param([], ("ana",), id="without one it is whoever it would be"),
        pytest.param([clicked()], ("ben",), id="one that begins now"),
        pytest.param([clicked(start=NOON - HOUR, end=NOON)], ("ana",), id="one that ends now"),
        pytest.param([clicked("ben"), clicked("chen")], ("chen",), id="of two the newer"),
        pytest.param([clicked("zoe")], ("ana",), id="who is nobody of the policy stands in for nobody"),
        pytest.param([clicked(schedule="gone")], ("ana",), id="a schedule that is gone"),
    ],
)
def test_somebody_stands_in(stand_ins, expected):
    assert who(a_rota(*stand_ins)) == expected


def test_what_is_clicked_goes_before_an_override_of_the_file():
    written = Override("chen", NOON - HOUR, NOON + HOUR)
    assert who(a_rota(overrides=(written,))) == ("chen",)
    assert who(a_rota(clicked("ben"), overrides=(written,))) == ("ben",)


@pytest.mark.parametrize(
    ("role", "may_own", "may_others"),
    [
        pytest.param(Role.AUDITOR, False, False, id="an auditor none"),
        pytest.param(Role.VIEWER, False, False, id="a viewer none"),
        pytest.param(Role.MODERATOR, True, False, id="a moderator their own"),
        pytest.param(Role.SENIOR, True, True, id="a senior any"),
        pytest.param(Role.ADMIN, True, True, id="an admin any"),
    ],
)
def test_who_may_put_whom_on_call_and_end_it(role, may_own, may_others):
    dana = Person("dana", "Dana", role=role)
    assert (may_add_override(dana, "dana"), may_add_override(dana, "ben")) == (may_own, may_others)
    by_dana, by_ana = clicked("ben"), replace(clicked("dana"), author="ana")
    assert (may_end_override(dana, by_dana), may_end_override(dana, by_ana)) == (may_own, may_others)


def test_an_hour_that_comes_twice_is_told_apart():
    first, second = utc("2026-11-01 06:30"), utc("2026-11-01 07:30")
    policy = a_rota(clicked(start=first, end=first + timedelta(minutes=10)))
    assert (who(policy, first), who(policy, second)) == (("ben",), ("ana",))


@st.composite
def stood_in(draw: st.DrawFn):
    """A rota with overrides of the file and clicked ones, and an instant near which the clock mostly changes."""
    at = draw(instants(CHICAGO, 2000))
    layers, written = (draw(st.lists(of(at), max_size=2)) for of in (layers_around, overrides_around))
    spans = draw(st.lists(st.tuples(st.integers(-90, 200), st.integers(1, 200)), min_size=1, max_size=3))
    quarter = timedelta(minutes=15)
    stand_ins = [
        clicked(person, at + begins * quarter, at + (begins + lasts) * quarter)
        for person, (begins, lasts) in zip(("ben", "chen", "dana"), spans, strict=False)
    ]
    return a_rota(*stand_ins, layers=tuple(layers), overrides=tuple(written)), stand_ins, at


@given(stood_in())
def test_shifts_have_no_gap_and_no_overlap_whoever_stands_in(found):
    policy, stand_ins, at = found
    schedule = policy.schedules["rota"]
    tiles = list(shifts_between(schedule, {}, (), at, at + timedelta(days=3)))
    assert (tiles[0].start, tiles[-1].end) == (at, at + timedelta(days=3))
    assert all(one.end == after.start and one.people != after.people for one, after in pairwise(tiles))
    for tile in tiles:
        covering = [one for one in stand_ins if one.start <= tile.start < one.end]
        if covering:
            assert tile.people == (covering[-1].person,)
        else:
            without = replace(schedule, overrides=schedule.overrides[: -len(stand_ins)])
            assert tile.people == on_call(without, {}, (), tile.start)


@pytest.mark.parametrize(
    ("person", "schedule", "expected"),
    [
        pytest.param("ben", "rota", ["Child safety"], id="somebody of another team"),
        pytest.param("ana", "rota", [], id="somebody of the team"),
        pytest.param("ben", "other", [], id="the rota of a team that is not restricted"),
    ],
)
def test_what_a_stand_in_would_not_hear_of_is_known(person, schedule, expected):
    policy = a_policy(
        people=PEOPLE,
        teams={"closed": Team("closed", ("ana",), schedule="rota"), "open": Team("open", ("ben",), schedule="other")},
        categories={"csam": Category("csam", "Child safety", restricted_to=("team:closed",))},
    )
    assert [one.title for one in categories_hidden_from(policy, schedule, person)] == expected
