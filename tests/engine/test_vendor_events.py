"""What somebody did at PagerDuty or in Jira, and what it means here (RULES 3; facts of both vendors)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal, RefusalReason
from escalator.engine.vendor_events import VendorAlertState, apply_vendor_event
from escalator.model.audit import SYSTEM, Actor, AuditAction
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Incident, Outcome, State
from escalator.model.vendor_event import VendorActor, VendorActorKind, VendorEvent, VendorEventKind
from tests.builders import EXAMPLE_POLICY, an_incident, an_observation, minute, opening, recorded, rules

PAGERDUTY, JIRA = DestinationKind.PAGERDUTY, DestinationKind.JIRA
PEOPLE = EXAMPLE_POLICY.people
ANYWHERE = VendorAlertState()
A_PERSON = VendorActor(VendorActorKind.PERSON, "PSOMEBODY")


def said(
    kind: VendorEventKind, agent: VendorActor = A_PERSON, vendor: DestinationKind = PAGERDUTY, **more
) -> VendorEvent:
    return VendorEvent(vendor, kind, f"incident.{kind.value}", agent, **more)


def hear(  # noqa: PLR0913  # what was said, by whom, where and when
    kind: VendorEventKind,
    incident: Incident,
    agent: VendorActor = A_PERSON,
    *,
    who: str | None = None,
    spot: VendorAlertState = ANYWHERE,
    on: float = 3,
    **more,
) -> Change | Refusal | None:
    return apply_vendor_event(said(kind, agent, **more), PEOPLE.get(who or ""), spot, incident, rules(), minute(on))


def after(*arguments, **more) -> Incident:
    change = hear(*arguments, **more)
    assert isinstance(change, Change), change
    return change.incident


INTEGRATION, NOBODY = VendorActor(VendorActorKind.INTEGRATION, "PINTEGRATION"), VendorActor(VendorActorKind.NOBODY)
TRIGGERED = an_incident()
TAKEN_THERE = after(VendorEventKind.ACKNOWLEDGED, TRIGGERED, who="chen")
TAKEN_BY_A_STRANGER = after(VendorEventKind.ACKNOWLEDGED, TRIGGERED)
TAKEN_IN_JIRA = after(VendorEventKind.ACKNOWLEDGED, TRIGGERED, who="chen", vendor=JIRA)
RESOLVED = after(VendorEventKind.RESOLVED, TRIGGERED, who="chen")


def test_a_person_of_the_policy_takes_it_under_their_own_name() -> None:
    assert (TAKEN_THERE.state, TAKEN_THERE.owner) == (State.ACKNOWLEDGED, "chen")
    assert [(given.person, given.via) for given in TAKEN_THERE.acknowledgements] == [("chen", "pagerduty")]


def test_the_answer_of_somebody_else_makes_the_routes_team_the_owner() -> None:
    assert (TAKEN_BY_A_STRANGER.state, TAKEN_BY_A_STRANGER.owner) == (State.ACKNOWLEDGED, TRIGGERED.assign)
    assert [given.person for given in TAKEN_BY_A_STRANGER.acknowledgements] == ["pagerduty:PSOMEBODY"]


def test_the_record_says_that_it_was_a_stranger() -> None:
    change = hear(VendorEventKind.ACKNOWLEDGED, TRIGGERED)
    (entry,) = (one for one in change.entries if one.action is AuditAction.ACKNOWLEDGED)
    assert (entry.actor.kind, entry.actor.key, entry.via) == ("stranger", "pagerduty:PSOMEBODY", "pagerduty")


@pytest.mark.parametrize(
    ("agent", "who", "actor"),
    [
        pytest.param(A_PERSON, "chen", Actor("person", "chen"), id="a person of the policy"),
        pytest.param(A_PERSON, None, Actor("stranger", "jira:PSOMEBODY"), id="a stranger, by their id there"),
        pytest.param(INTEGRATION, None, SYSTEM, id="an integration is nobody"),
        pytest.param(NOBODY, None, SYSTEM, id="nor is a time-out"),
    ],
)
def test_what_is_only_recorded_says_where_and_by_whom(agent: VendorActor, who: str | None, actor: Actor) -> None:
    change = hear(VendorEventKind.MERGED, TRIGGERED, agent, who=who, vendor=JIRA)
    assert isinstance(change, Change)
    (entry,) = change.entries
    assert (entry.reason, entry.via, entry.actor) == ("incident.merged", "jira", actor)
    assert entry.after == {"vendor": "jira", "agent": agent.kind.value}


def test_what_is_taken_back_there_is_released_here_by_whoever_did_it() -> None:
    taken = replace(TAKEN_THERE, snoozes=2)
    spot = VendorAlertState(taken.round, is_answered=True)
    change = hear(VendorEventKind.UNACKNOWLEDGED, taken, who="chen", spot=spot, on=5)
    assert isinstance(change, Change)
    after = change.incident
    assert (after.state, after.owner, after.snoozes, after.waiting_since) == (State.TRIGGERED, None, 0, minute(5))
    released, started = change.entries[:2]
    assert (released.reason, released.after) == ("incident.unacknowledged", {"owner": "chen"})
    assert {(entry.via, entry.actor.key) for entry in change.entries} == {("pagerduty", "chen")}
    assert (started.action, started.reason) == (AuditAction.ROUND_STARTED, "unacknowledged")


def test_who_resolves_there_resolves_here() -> None:
    assert (RESOLVED.state, RESOLVED.closed_by, RESOLVED.outcome) == (State.RESOLVED, "chen", Outcome.ACTION_TAKEN)


def restricted() -> Incident:
    return opening(an_observation(label="CSAM")).incident


@pytest.mark.parametrize("kind", [VendorEventKind.ACKNOWLEDGED, VendorEventKind.RESOLVED])
def test_nobody_outside_answers_what_is_restricted(kind: VendorEventKind) -> None:
    refused = hear(kind, restricted())
    assert isinstance(refused, Refusal)
    assert refused.why is RefusalReason.RESTRICTED


def test_who_may_see_what_is_restricted_answers_it_there_too_and_counts_as_one_of_two() -> None:
    change = hear(VendorEventKind.ACKNOWLEDGED, restricted(), who="dana")
    assert [given.person for given in change.incident.acknowledgements] == ["dana"]
    assert change.incident.state is State.TRIGGERED


@pytest.mark.parametrize(
    ("kind", "agent", "incident"),
    [
        pytest.param(VendorEventKind.ACKNOWLEDGED, INTEGRATION, TRIGGERED, id="an integration takes nothing"),
        pytest.param(VendorEventKind.RESOLVED, INTEGRATION, TRIGGERED, id="an integration resolves nothing"),
        pytest.param(VendorEventKind.RESOLVED, NOBODY, TRIGGERED, id="a time-out resolves nothing"),
        pytest.param(VendorEventKind.RESOLVED, NOBODY, TAKEN_THERE, id="nor what somebody holds"),
        pytest.param(VendorEventKind.UNACKNOWLEDGED, NOBODY, TRIGGERED, id="what nobody holds is not taken back"),
        pytest.param(VendorEventKind.UNACKNOWLEDGED, NOBODY, TAKEN_IN_JIRA, id="nor what was taken elsewhere"),
        pytest.param(
            VendorEventKind.UNACKNOWLEDGED, NOBODY, TAKEN_THERE, id="nor what was taken at another service there"
        ),
        pytest.param(VendorEventKind.UNACKNOWLEDGED, NOBODY, RESOLVED, id="nor what is over"),
        pytest.param(VendorEventKind.MERGED, A_PERSON, TRIGGERED, id="a merge is no resolution"),
        pytest.param(VendorEventKind.NOTED, A_PERSON, TRIGGERED, id="what is reassigned there is only shown"),
        pytest.param(VendorEventKind.NOTED, NOBODY, TRIGGERED, id="and what escalates by itself there"),
    ],
)
def test_only_recorded(kind: VendorEventKind, agent: VendorActor, incident: Incident) -> None:
    change = hear(kind, incident, agent)
    assert isinstance(change, Change)
    assert change.incident == incident
    assert recorded(change) == ["vendor_noted"]
    assert not change.notices


@pytest.mark.parametrize(
    ("kind", "incident"),
    [
        pytest.param(VendorEventKind.ACKNOWLEDGED, TAKEN_THERE, id="our acknowledgement"),
        pytest.param(VendorEventKind.RESOLVED, RESOLVED, id="our resolution"),
        pytest.param(VendorEventKind.NOTED, TRIGGERED, id="our own alert"),
    ],
)
def test_our_own_echo_is_not_even_recorded(kind: VendorEventKind, incident: Incident) -> None:
    assert hear(kind, incident, INTEGRATION) is None


@pytest.mark.parametrize("taken", [TAKEN_THERE, TAKEN_BY_A_STRANGER])
def test_what_was_taken_there_and_is_taken_back_there_starts_from_the_top(taken: Incident) -> None:
    change = hear(VendorEventKind.UNACKNOWLEDGED, taken, NOBODY, spot=VendorAlertState(is_answered=True), on=20)
    again = change.incident
    assert (again.state, again.owner, again.round, again.step) == (State.TRIGGERED, None, taken.round + 1, 0)
    assert again.waiting_since == minute(20)
    assert "released" in recorded(change)
    assert change.notices


def test_a_second_answer_is_refused_with_who_was_first() -> None:
    refused = hear(VendorEventKind.ACKNOWLEDGED, TAKEN_THERE, who="dana")
    assert isinstance(refused, Refusal)
    assert (refused.why, refused.by) == (RefusalReason.ALREADY_TAKEN, "chen")


RELEASED = after(VendorEventKind.UNACKNOWLEDGED, TAKEN_THERE, NOBODY, spot=VendorAlertState(is_answered=True), on=20)


@pytest.mark.parametrize(
    ("seconds", "spot", "counts"),
    [
        pytest.param(-30, VendorAlertState(), False, id="before they began to wait"),
        pytest.param(-5, VendorAlertState(), True, id="as far as two clocks may differ"),
        pytest.param(-10, VendorAlertState(), True, id="by ten seconds at most"),
        pytest.param(-10.1, VendorAlertState(), False, id="and no more"),
        pytest.param(-30, VendorAlertState(round=TAKEN_THERE.round), False, id="at the alert of an earlier round"),
        pytest.param(
            -30,
            VendorAlertState(round=RELEASED.round),
            True,
            id="at the present round's alert, whatever the clocks say",
        ),
        pytest.param(5, VendorAlertState(), True, id="after they began"),
    ],
)
def test_what_was_done_before_people_began_to_wait_anew_is_no_answer_to_that(
    seconds: float, spot: VendorAlertState, counts: bool
) -> None:
    change = hear(
        VendorEventKind.ACKNOWLEDGED, RELEASED, who="chen", spot=spot, at=minute(20) + timedelta(seconds=seconds)
    )
    assert isinstance(change, Change)
    assert (change.incident.state is State.ACKNOWLEDGED) is counts
