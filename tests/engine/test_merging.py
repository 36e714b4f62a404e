"""Two incidents that turn out to be one: the younger is merged into the older (RULES 1)."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import merge_incidents, open_incident
from escalator.engine.incident_change import Change
from escalator.model.incident import Incident, Outcome, State, Verb
from escalator.model.levels import ContentRule, Severity
from escalator.model.policy import Policy
from tests.builders import (
    ENTITY,
    EXAMPLE_POLICY,
    ITEM,
    a_blank,
    a_policy,
    an_observation,
    minute,
    recorded,
    rules,
    told,
)

said = an_observation


def opened(number: int, at: float, policy: Policy = EXAMPLE_POLICY, **facts) -> Incident:
    event = said(at, keys=(ITEM,) if number == 1 else (ENTITY,), **facts)
    return open_incident(a_blank(number, at), event, rules(policy), minute(at)).incident


def act(incident: Incident, verb: Verb, by: str = "ana", at: float = 3, **more) -> Incident:
    change = apply_action(
        ActionRequest(verb, EXAMPLE_POLICY.people[by], "slack", **more), incident, rules(), minute(at)
    )
    assert isinstance(change, Change), change
    return change.incident


def merged(older: Incident, younger: Incident, at: float = 5) -> tuple[Change, Change]:
    return merge_incidents(older, younger, rules(), minute(at))


def test_the_younger_lives_on_in_the_older() -> None:
    kept, gone = merged(opened(1, 0, label="SUICIDE"), opened(2, 1, report="user-7", content={"text": "hello"}))
    assert (gone.incident.state, gone.incident.merged_into, gone.incident.closed_at) == (
        State.MERGED,
        UUID(int=1),
        minute(5),
    )
    assert (gone.incident.due_at, gone.suppress, recorded(gone)) == (None, "merged", ["merged"])
    assert kept.incident.facts.values("report") == {"user-7"}
    assert (kept.incident.content["text"], kept.incident.links) == ("hello", {"item_id": "item-1"})
    assert (kept.incident.state, kept.incident.round, told(kept)) == (State.TRIGGERED, 1, [])


def test_what_the_younger_knew_moves_the_older() -> None:
    kept, _gone = merged(opened(1, 0, text_severity="low"), opened(2, 1, label="CSAM"))
    one = kept.incident
    assert (one.state, one.category, one.severity, one.content_rule) == (
        State.TRIGGERED,
        "csam",
        Severity.CRITICAL,
        ContentRule.WITHHOLD,
    )
    assert told(kept) == ["person:ana", "child-safety-room"]
    assert "redacted" in recorded(kept)


def test_what_only_the_younger_still_says_of_itself_is_kept() -> None:
    """Its facts are purged, or its policy was another."""
    younger = replace(
        opened(2, 1), category="csam", severity=Severity.HIGH, content_rule=ContentRule.WITHHOLD, has_legal_hold=True
    )
    one = merged(opened(1, 0, label="HATRED"), younger)[0].incident
    assert (one.category, one.severity, one.content_rule, one.has_legal_hold) == (
        "csam",
        Severity.HIGH,
        ContentRule.WITHHOLD,
        True,
    )


def test_the_older_keeps_its_links_and_takes_those_that_only_the_younger_has() -> None:
    older = replace(opened(1, 0), links={"item_id": "item-1", "item": "https://stream/1"})
    younger = replace(opened(2, 1), links={"item_id": "item-2", "channel": "https://stream/2"})
    links = merged(older, younger)[0].incident.links
    assert links == {"item_id": "item-1", "item": "https://stream/1", "channel": "https://stream/2"}


def test_what_only_the_older_still_says_of_itself_is_kept() -> None:
    older = replace(opened(1, 0), category="csam", severity=Severity.CRITICAL)
    one = merged(older, opened(2, 1, label="HATRED"))[0].incident
    assert (one.category, one.severity) == ("csam", Severity.CRITICAL)


def test_an_answer_to_the_younger_counts_for_the_older() -> None:
    younger = act(opened(2, 1, label="SUICIDE"), Verb.ACKNOWLEDGE, "ben")
    one = merged(opened(1, 0, label="SUICIDE"), younger)[0].incident
    assert (one.state, one.owner) == (State.ACKNOWLEDGED, "ben")


def test_an_answer_to_less_than_what_it_turns_out_to_be_does_not_count() -> None:
    younger = act(opened(2, 1, label="THREAT"), Verb.ACKNOWLEDGE, "ben")
    one = merged(opened(1, 0, label="SUICIDE"), younger)[0].incident
    assert (one.state, one.acknowledgements) == (State.TRIGGERED, ())


def test_what_somebody_holds_is_not_lost_in_what_is_only_logged() -> None:
    younger = act(opened(2, 1), Verb.ACKNOWLEDGE, "ben")
    older = replace(opened(1, 0, text_severity="low"), facts=said().facts)
    one = merged(older, younger)[0].incident
    assert (one.state, one.owner) == (State.ACKNOWLEDGED, "ben")


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        pytest.param("ana", "ben", State.ACKNOWLEDGED, id="two people, one to each: enough"),
        pytest.param("ana", "ana", State.TRIGGERED, id="the same person to both: one is missing"),
    ],
)
def test_where_two_must_answer(first: str, second: str, state: State) -> None:
    older = act(opened(1, 0, label="CSAM"), Verb.ACKNOWLEDGE, first)
    younger = act(opened(2, 1, label="CSAM"), Verb.ACKNOWLEDGE, second)
    assert merged(older, younger)[0].incident.state is state


def test_a_review_of_the_younger_is_one_of_the_older() -> None:
    younger = opened(2, 1, label="THREAT", review="mod-ben", reviewed=2)
    kept, _gone = merged(opened(1, 0, label="THREAT"), younger)
    assert (kept.incident.state, kept.incident.outcome, kept.incident.reviewed_by) == (
        State.RESOLVED,
        Outcome.REVIEWED_IN_STREAM,
        "ben",
    )


def test_what_a_review_closed_stays_closed_when_the_younger_says_nothing_new() -> None:
    older = opened(1, 0, label="THREAT", review="mod-ana", reviewed=0.5)
    assert merged(older, opened(2, 1, label="THREAT", report="user-7"))[0].incident.state is State.RESOLVED


def test_what_a_review_closed_over_a_day_before_is_open_again() -> None:
    older = opened(1, 0, label="THREAT", review="mod-ana", reviewed=0.5)
    day = timedelta(days=1) / timedelta(minutes=1)
    on_time = opened(2, day, label="THREAT", report="user-7")
    assert merged(older, on_time, day + 1)[0].incident.state is State.RESOLVED
    late = opened(2, day + 1, label="THREAT", report="user-7")
    kept, _gone = merged(older, late, day + 2)
    assert (kept.incident.state, told(kept)[0]) == (State.TRIGGERED, "critical-alerts")


@pytest.mark.parametrize(
    ("younger", "state"),
    [
        pytest.param(opened(2, 4, label="HATRED"), State.TRIGGERED, id="an open one: open again"),
        pytest.param(
            act(opened(2, 1, label="HATRED"), Verb.ACKNOWLEDGE), State.ACKNOWLEDGED, id="one that is held: held"
        ),
        pytest.param(act(opened(2, 1, label="HATRED"), Verb.RESOLVE), State.RESOLVED, id="a closed one: closed"),
        pytest.param(opened(2, 1, text_severity="low"), State.TRIGGERED, id="a higher severity: open again"),
    ],
)
def test_what_a_person_closed_and(younger: Incident, state: State) -> None:
    older = act(opened(1, 0, label="HATRED"), Verb.RESOLVE)
    policy = a_policy(default="urgent", routes=())
    assert merge_incidents(older, younger, rules(policy), minute(5))[0].incident.state is state
