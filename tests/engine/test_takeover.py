"""Who may take over what somebody holds: whoever has come on, what was left behind; seniors anything."""

from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal, RefusalReason
from escalator.model.incident import DueKind, Incident, State, Verb
from escalator.model.levels import Role
from escalator.model.policy import Policy, Team
from escalator.model.schedule import Layer, RotationUnit, Schedule
from tests.builders import a_policy, an_incident, minute, recorded, rules

# Ana is on call until minute 60, then Ben; Chen is of the team as well, and never on call. Dana leads it.
TURNS = Layer(("ana", "ben"), RotationUnit.HOURS, date(2026, 8, 20), time(13), every=2)
PEOPLE = a_policy().people
POLICY = a_policy(
    people={**PEOPLE, "chen": replace(PEOPLE["chen"], role=Role.MODERATOR)},
    teams={"policy": Team("policy", ("ana", "ben", "chen"), lead="dana", schedule="rota")},
    schedules={"rota": Schedule("rota", ZoneInfo("UTC"), (TURNS,))},
)
NOW = minute(61)


def held(by: str | None, at: float, **changes) -> Incident:
    clock = {"due_kind": DueKind.RESOLVE_WITHIN, "due_at": minute(90)}
    return an_incident(owner=by, acknowledged_at=minute(at), **{"state": State.ACKNOWLEDGED} | clock | changes)


def take_over(incident: Incident, by: str, *, is_old: bool = False, policy: Policy = POLICY) -> Change | Refusal:
    seen = (incident.round, incident.fence - is_old)
    return apply_action(ActionRequest(Verb.TAKE_OVER, policy.people[by], "slack", seen), incident, rules(policy), NOW)


@pytest.mark.parametrize("is_old", [False, True], ids=["the newest button", "an old button"])
@pytest.mark.parametrize(
    ("incident", "by", "refused"),
    [
        pytest.param(held("ana", 10), "ben", None, id="who has come on, what was left behind"),
        pytest.param(held("ana", 10), "chen", RefusalReason.NOT_YOURS, id="somebody of the team who is not on call"),
        pytest.param(held("ana", 10), "dana", None, id="a senior"),
        pytest.param(held("ana", 61), "ben", RefusalReason.NOT_YOURS, id="it was taken by somebody off duty"),
        pytest.param(
            held("dana", 59), "ben", RefusalReason.NOT_YOURS, id="the lead has taken it, who was never on call"
        ),
        pytest.param(held("ben", 60.5), "chen", RefusalReason.NOT_YOURS, id="its owner is on call"),
        pytest.param(held("ben", 60.5), "ben", RefusalReason.ALREADY_TAKEN, id="it is theirs already"),
        pytest.param(held("policy", 10), "chen", None, id="nobody in particular has it"),
        pytest.param(held("zoe", 10), "chen", None, id="its owner has left the policy"),
        pytest.param(held("ana", 10, assign=None), "ben", RefusalReason.NOT_YOURS, id="it is assigned to no team"),
    ],
)
def test_who_may_take_it_over(incident: Incident, by: str, refused: RefusalReason | None, is_old: bool) -> None:
    done = take_over(incident, by, is_old=is_old)
    assert (done.why if isinstance(done, Refusal) else None) is refused
    if refused is not None:
        assert done == Refusal(refused, by=incident.owner, at=incident.acknowledged_at)


def test_a_senior_takes_from_who_is_on_duty_only_by_what_shows_that() -> None:
    incident = held("ben", 60.5)
    assert isinstance(take_over(incident, "dana"), Change)
    assert take_over(incident, "dana", is_old=True) == Refusal(
        RefusalReason.STALE, by="ben", at=incident.acknowledged_at
    )


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.SNOOZED])
def test_it_is_theirs_at_once_with_the_second_clock_anew(state: State) -> None:
    snoozed = {"state": State.SNOOZED, "due_kind": DueKind.SNOOZE_END, "snoozes": 2}
    done = take_over(held("ana", 10, restarts=2, extensions=3, **snoozed if state is State.SNOOZED else {}), "ben")
    after = done.incident
    assert (after.state, after.owner, after.acknowledged_at) == (State.ACKNOWLEDGED, "ben", NOW)
    assert (after.restarts, after.extensions, after.snoozes, after.round) == (0, 0, 0, 1)
    assert NOW < after.due_at <= NOW + timedelta(minutes=30)
    assert recorded(done)[0] == "taken_over"
    assert done.notices == ()


def test_what_waits_is_acknowledged_whatever_the_button_shows() -> None:
    done = take_over(an_incident(), "ben", is_old=True)
    assert (done.incident.state, done.incident.owner) == (State.ACKNOWLEDGED, "ben")
    assert recorded(done)[0] == "acknowledged"


@pytest.mark.parametrize(
    ("incident", "why"),
    [
        pytest.param(an_incident(state=State.RESOLVED, closed_by="ana"), RefusalReason.RESOLVED, id="over"),
        pytest.param(
            an_incident(state=State.LOGGED, due_kind=None, due_at=None), RefusalReason.NOT_NOW, id="logged only"
        ),
    ],
)
def test_what_nobody_has_to_do_any_more_is_not_taken_over(incident: Incident, why: RefusalReason) -> None:
    done = take_over(incident, "dana")
    assert isinstance(done, Refusal)
    assert done.why is why
