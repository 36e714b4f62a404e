"""`acknowledgements: 2`: the clock stops at the second, different person (RULES 3)."""

from dataclasses import replace

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import add_event
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal, RefusalReason
from escalator.model.incident import DueKind, Incident, Outcome, State, Verb
from escalator.model.message import Occasion
from tests.builders import EXAMPLE_POLICY, a_policy, an_observation, minute, opening, recorded, rules, told

ROUTES = EXAMPLE_POLICY.routes
POLICY = a_policy(routes=(ROUTES[0], *(replace(route, acknowledgements=2) for route in ROUTES[1:])))


def csam() -> Incident:
    return opening(an_observation(label="CSAM"), POLICY).incident


def threat() -> Incident:
    """What a review resolves, and what may be snoozed."""
    return opening(an_observation(label="THREAT"), POLICY).incident


def do(incident: Incident, verb: Verb, by: str, at: float = 2, **more) -> Change:
    change = apply_action(ActionRequest(verb, POLICY.people[by], "slack", **more), incident, rules(POLICY), minute(at))
    assert isinstance(change, Change), change
    return change


def hear(incident: Incident, review: str, at: float = 3) -> Change:
    return add_event(incident, an_observation(at, review=review), rules(POLICY), minute(at))


def test_the_first_tells_the_rest_of_the_team_and_the_clock_goes_on() -> None:
    before = csam()
    change = do(before, Verb.ACKNOWLEDGE, "ana")
    after = change.incident
    assert (after.state, after.owner, after.due_at, after.fence) == (State.TRIGGERED, None, before.due_at, before.fence)
    assert [(notice.occasion, notice.recipient.person) for notice in change.notices] == [(Occasion.ONE_MORE, "ben")]
    assert recorded(change) == ["answered"]
    assert change.entries[0].after == {"given": "1", "needed": "2"}
    assert change.suppress is None


def test_the_same_person_again_is_told_that_it_counts_already() -> None:
    incident = do(csam(), Verb.ACKNOWLEDGE, "ana").incident
    refused = apply_action(
        ActionRequest(Verb.ACKNOWLEDGE, POLICY.people["ana"], "slack"), incident, rules(POLICY), minute(5)
    )
    assert refused == Refusal(RefusalReason.ALREADY_ANSWERED, "ana", minute(2))


def test_the_second_person_stops_the_clock_and_the_first_has_it() -> None:
    incident = do(csam(), Verb.ACKNOWLEDGE, "ana").incident
    after = do(incident, Verb.ACKNOWLEDGE, "dana", 4).incident
    assert (after.state, after.owner, after.acknowledged_at) == (State.ACKNOWLEDGED, "ana", minute(4))
    assert after.due_kind is DueKind.REMIND


@pytest.mark.parametrize("verb", [Verb.RESOLVE, Verb.FALSE_ALARM])
def test_a_resolve_waits_for_the_number_but_counts_as_one(verb: Verb) -> None:
    change = do(csam(), verb, "ana")
    assert change.note == Refusal(RefusalReason.ONE_MORE_NEEDED)
    assert (change.incident.state, [given.person for given in change.incident.acknowledgements]) == (
        State.TRIGGERED,
        ["ana"],
    )
    assert told(change) == ["person:ben"]
    after = do(change.incident, verb, "ben").incident
    assert (after.state, after.closed_by) == (State.RESOLVED, "ben")


def test_a_second_resolve_by_the_same_person_tells_the_team_nothing_again() -> None:
    incident = do(csam(), Verb.RESOLVE, "ana").incident
    again = apply_action(ActionRequest(Verb.RESOLVE, POLICY.people["ana"], "slack"), incident, rules(POLICY), minute(3))
    assert again == Refusal(RefusalReason.ONE_MORE_NEEDED)


def test_a_snooze_waits_for_the_number_too() -> None:
    change = do(threat(), Verb.SNOOZE, "ana")
    assert (change.note, change.incident.state) == (Refusal(RefusalReason.ONE_MORE_NEEDED), State.TRIGGERED)
    assert do(change.incident, Verb.SNOOZE, "chen").incident.state is State.SNOOZED


def test_a_review_in_stream_counts_as_that_persons_one() -> None:
    change = hear(csam(), "mod-ana")
    assert (change.incident.state, [given.person for given in change.incident.acknowledgements]) == (
        State.TRIGGERED,
        ["ana"],
    )
    assert told(change) == ["person:ben"]
    assert do(change.incident, Verb.ACKNOWLEDGE, "ben").incident.state is State.ACKNOWLEDGED


def test_a_review_and_an_answer_by_the_same_person_are_one() -> None:
    incident = do(csam(), Verb.ACKNOWLEDGE, "ana").incident
    change = hear(incident, "mod-ana")
    assert (change.incident.state, len(change.incident.acknowledgements), told(change)) == (State.TRIGGERED, 1, [])


def test_a_review_by_a_stranger_counts_as_one_and_makes_the_team_the_owner() -> None:
    change = hear(csam(), "mod-zoe")
    assert [given.person for given in change.incident.acknowledgements] == ["stream:mod-zoe"]
    assert do(change.incident, Verb.ACKNOWLEDGE, "ben").incident.owner == "child-safety"


def test_where_a_review_resolves_it_ends_with_the_second_answer() -> None:
    first = do(threat(), Verb.ACKNOWLEDGE, "chen").incident
    after = hear(first, "mod-ana").incident
    assert (after.state, after.outcome, after.closed_by) == (State.RESOLVED, Outcome.REVIEWED_IN_STREAM, "ana")


def test_nobody_is_told_of_one_more_where_nobody_is_assigned() -> None:
    policy = a_policy(routes=(replace(ROUTES[0], assign=None),))
    incident = opening(an_observation(label="CSAM"), policy).incident
    change = apply_action(
        ActionRequest(Verb.ACKNOWLEDGE, policy.people["ana"], "slack"), incident, rules(policy), minute(1)
    )
    assert isinstance(change, Change)
    assert (change.incident.state, told(change)) == (State.TRIGGERED, [])
    assert change.incident.due_at == incident.due_at


def test_a_new_round_asks_for_both_again() -> None:
    first = do(csam(), Verb.ACKNOWLEDGE, "ana").incident
    both = do(first, Verb.ACKNOWLEDGE, "ben").incident
    again = do(both, Verb.RELEASE, "ana").incident
    assert (again.acknowledgements, again.acks_needed, again.state) == ((), 2, State.TRIGGERED)
