"""Which alerts are of one kind, when they are a storm, and what a group is made of."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import add_event, merge_incidents
from escalator.engine.deadlines import fire_deadline
from escalator.engine.grouping import (
    add_members,
    close_member,
    grouping_key,
    is_storm,
    join_group,
    open_group,
    remove_members,
    starts_alerting,
)
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal, RefusalReason
from escalator.model.facts import Content, Facts
from escalator.model.incident import DueKind, Incident, Outcome, State, Verb
from escalator.model.levels import ContentRule, Mode, Severity
from escalator.model.policy import Grouping
from escalator.stream import manual_incident
from tests.builders import (
    EXAMPLE_POLICY,
    START,
    a_blank,
    a_policy,
    an_observation,
    minute,
    opening,
    recorded,
    rules,
    told,
)

POLICY = EXAMPLE_POLICY
GROUP_ID = UUID(int=900)
TEN_MINUTES = timedelta(minutes=10)


def by(*facts: str):
    return a_policy(grouping=Grouping(facts, TEN_MINUTES, 5))


def an_alert(policy=POLICY, *, text: str = "", at: float = 0, **seen: object) -> Incident:
    said = an_observation(0, **({"label": "SELF_HARM", "author": "user-42"} | seen), content={"text": text})
    return opening(said, policy, at).incident


def a_group(members: int = 1, **changes: object) -> Incident:
    alert = an_alert()
    blank = replace(a_blank(900), id=GROUP_ID)
    first = replace(alert, grouping_key=grouping_key(alert, POLICY))
    return replace(open_group(blank, first, members, rules(), minute(0)).incident, **changes)


def a_member(at: float = 0) -> Incident:
    said = an_observation(0, label="SELF_HARM", author="user-42")
    return join_group(opening(said, at=at), a_group(), rules(), minute(at)).incident


def act(verb: Verb, incident: Incident, who: str = "ben", **more: object) -> Change | Refusal:
    return apply_action(ActionRequest(verb, POLICY.people[who], "slack", **more), incident, rules(), minute(1))


ALIKE = [
    pytest.param(("author",), {"label": "SUICIDE"}, id="another label of the same category"),
    pytest.param(("author",), {"language": "de"}, id="what `by` does not name"),
    pytest.param(("text",), {"text": "  Join\tus  NOW "}, id="a text but for case and spaces"),
    pytest.param(("text",), {"text": "\uff4aoin us now"}, id="a text in other letters that look the same"),
]
UNLIKE = [
    pytest.param(("author",), {"author": "user-7"}, id="another author"),
    pytest.param(("author",), {"label": "THREAT"}, id="another category"),
    pytest.param(("author",), {"label": ["SELF_HARM", "CSAM"]}, id="a graver category besides"),
    pytest.param(("author",), {"label": ["SELF_HARM", "THREAT"]}, id="a lesser category besides"),
    pytest.param(("author",), {"action": "escalate"}, id="another route"),
    pytest.param(("text",), {"text": "join us never"}, id="another text"),
    pytest.param(("author", "language"), {"language": "de"}, id="one fact of several"),
]


@pytest.mark.parametrize(("facts", "other"), ALIKE)
def test_alerts_that_are_alike_are_of_one_kind(facts, other) -> None:
    policy, said = by(*facts), {"language": "en", "text": "join us now"}
    one, two = an_alert(policy, **said), an_alert(policy, **(said | other))
    assert grouping_key(one, policy) == grouping_key(two, policy) is not None


@pytest.mark.parametrize(("facts", "other"), UNLIKE)
def test_alerts_that_differ_are_of_two_kinds(facts, other) -> None:
    policy, said = by(*facts), {"language": "en", "text": "join us now"}
    one, two = an_alert(policy, **said), an_alert(policy, **(said | other))
    assert None not in (grouping_key(one, policy), grouping_key(two, policy))
    assert grouping_key(one, policy) != grouping_key(two, policy)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"source": "another"}, id="source"),
        pytest.param({"mode": Mode.SANDBOX}, id="mode"),
        pytest.param({"route": "Another"}, id="route"),
        pytest.param({"assign": "another"}, id="who is asked"),
        pytest.param({"acks_needed": 2}, id="how many are asked"),
        pytest.param({"severity": Severity.HIGH}, id="severity"),
        pytest.param({"content_rule": ContentRule.WITHHOLD}, id="content rule"),
    ],
)
def test_whatever_decides_who_is_told_and_in_which_words_makes_another_kind(changes) -> None:
    alert = an_alert()
    assert grouping_key(alert, POLICY) != grouping_key(replace(alert, **changes), POLICY)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        pytest.param(by("author"), {"author": ()}, id="no author is known"),
        pytest.param(by("author", "rule"), {}, id="one of several facts lacks a value"),
        pytest.param(by("text"), {"text": " \n"}, id="there is no text"),
        pytest.param(by("category"), {"label": "NOTHING_KNOWN"}, id="it has no category"),
        pytest.param(a_policy(grouping=None), {}, id="nothing is grouped at all"),
        pytest.param(by("author"), {"label": "NOTHING_KNOWN", "text_severity": "low"}, id="it is logged only"),
        pytest.param(by("author"), {"review": "mod-ana", "reviewed": 1}, id="somebody has it already"),
    ],
)
def test_what_lacks_a_value_or_rings_nobody_never_groups(policy, said) -> None:
    assert grouping_key(an_alert(policy, **said), policy) is None


def test_a_text_is_kept_as_a_digest_only() -> None:
    key = grouping_key(an_alert(by("text"), text="join us now"), by("text"))
    assert key is not None
    assert (len(key), "join" in key) == (64, False)


def test_an_alert_is_what_facts_have_begun_to_ring_for_and_nobody_has_touched() -> None:
    alert = an_alert()
    assert starts_alerting(None, alert)
    assert not starts_alerting(alert, alert), "nothing has begun"
    assert starts_alerting(alert, replace(alert, round=2))
    assert not starts_alerting(None, replace(alert, owner="ben"))
    assert not starts_alerting(None, an_alert(event=manual_incident.TYPE)), "a person asks for people"
    assert not starts_alerting(None, a_group())


@pytest.mark.parametrize(
    ("others", "answer"),
    [
        pytest.param([0, 1, 2, 3, 4], True, id="after five comes a storm"),
        pytest.param([0, 1, 2, 3], False, id="the fifth is told on its own"),
        pytest.param([-5, 1, 2, 3, 4], False, id="one of them has left the window this very moment"),
        pytest.param([-4.99, 1, 2, 3, 4], True, id="just within"),
        pytest.param([6, 7, 8, 9, 10], True, id="an event that comes late"),
    ],
)
def test_it_is_a_storm_when_so_many_came_before_it_within_the_time(others, answer) -> None:
    assert is_storm(minute(5), [minute(at) for at in others], POLICY.grouping) is answer


def test_a_group_is_what_its_first_member_is_though_the_facts_say_it_no_more() -> None:
    first = replace(
        an_alert(), facts=Facts(), category="threat", severity=Severity.HIGH, severity_reason="once said so"
    )
    group = open_group(a_blank(9), first, 1, rules(), minute(0)).incident
    assert (group.category, group.severity, group.severity_reason) == ("threat", Severity.HIGH, "once said so")


def test_a_group_is_told_at_once_like_its_first_member_and_has_none_of_its_content() -> None:
    said = an_observation(0, label="SELF_HARM", author="user-42", content={"text": "secret", "author_name": "Jess"})
    first = opening(said)
    alert = replace(first.incident, grouping_key="k")
    change = open_group(a_blank(9), alert, 3, rules(), minute(0))
    group = change.incident
    assert told(change) == told(first)
    assert (group.state, group.round, group.step, group.due_kind) == (State.TRIGGERED, 1, 0, DueKind.STEP)
    same = ("category", "severity", "severity_reason", "route", "path", "assign", "content_rule", "grouping_key")
    assert all(getattr(group, name) == getattr(alert, name) for name in (*same, "matched_categories"))
    assert group.category_rules_digest == alert.category_rules_digest != ""
    assert (group.waiting_since, group.last_event_at) == (minute(0), minute(0))
    assert (group.content, group.links, group.member_count) == (Content(), {}, 3)


def test_whoever_joins_is_on_record_and_neither_told_nor_due() -> None:
    opened = opening(an_observation(0, label="SELF_HARM"))
    change = join_group(opened, a_group(), rules(), minute(0))
    assert (change.notices, change.incident.due_at, change.incident.group_id) == ((), None, GROUP_ID)
    assert recorded(change) == ["opened", "round_started", "grouped"]
    assert (change.incident.step, change.incident.send_number, change.suppress) == (-1, 0, "grouped")


def test_what_the_operator_must_hear_of_is_not_lost_in_a_group() -> None:
    opened = replace(opening(an_observation(0, label="SELF_HARM")), alarms=("loop:1",))
    assert join_group(opened, a_group(), rules(), minute(0)).alarms == ("loop:1",)


def test_a_group_shows_that_it_grows_and_shrinks() -> None:
    group = a_group()
    grown = add_members(group, 4, rules(), minute(1)).incident
    assert (grown.member_count, grown.revision, grown.fence) == (5, group.revision + 1, group.fence)
    assert grown.last_event_at == minute(1)
    shrunk = remove_members(grown, [a_member()], rules(), minute(1)).incident
    assert (shrunk.member_count, shrunk.state) == (4, State.TRIGGERED)


@pytest.mark.parametrize(
    ("last", "outcome", "by"),
    [
        pytest.param({"outcome": Outcome.NO_VIOLATION, "closed_by": "ana"}, Outcome.NO_VIOLATION, "ana", id="ended"),
        pytest.param({}, Outcome.DUPLICATE, "escalator", id="went its own way"),
    ],
)
def test_a_group_ends_with_the_last_it_tells_of(last, outcome, by) -> None:
    change = remove_members(a_group(), [replace(a_member(), **last)], rules(), minute(1))
    ended = change.incident
    assert (ended.state, ended.outcome, ended.closed_by, ended.member_count) == (State.RESOLVED, outcome, by, 0)
    assert change.suppress == "resolved"
    assert [(entry.action.value, entry.reason) for entry in change.entries] == [("incident.resolved", "empty")]


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        pytest.param(Verb.ACKNOWLEDGE, {}, id="acknowledged"),
        pytest.param(Verb.SNOOZE, {"minutes": 15}, id="snoozed"),
        pytest.param(Verb.RESOLVE, {}, id="resolved"),
    ],
)
def test_a_group_that_somebody_has_answered_takes_no_new_member_ever(verb, more) -> None:
    done = act(verb, a_group(), **more)
    assert isinstance(done, Change)
    assert done.incident.grouping_key is None
    again = apply_action(
        ActionRequest(Verb.ESCALATE_NOW, POLICY.people["eli"], "slack"), done.incident, rules(), minute(2)
    )
    assert isinstance(again, Refusal) or again.incident.grouping_key is None


def test_a_group_that_nobody_answers_goes_on_taking_members_from_round_to_round() -> None:
    group = a_group()
    while group.round < 3:
        group = fire_deadline(group, rules(), group.due_at or START).incident
    assert (group.state, group.grouping_key) == (State.TRIGGERED, a_group().grouping_key)


def test_a_group_that_begins_to_ask_others_takes_no_new_member() -> None:
    group = a_group()
    while group.due_kind is not DueKind.RESTART:
        group = fire_deadline(group, rules(), group.due_at or START).incident
    others = a_policy(routes=tuple(replace(one, assign="senior-moderators") for one in POLICY.routes))
    after = fire_deadline(group, rules(POLICY, others), group.due_at or START).incident
    assert (after.assign, after.grouping_key) == ("senior-moderators", None)


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        (Verb.ACKNOWLEDGE, State.ACKNOWLEDGED),
        (Verb.TAKE_OVER, State.ACKNOWLEDGED),
        (Verb.SNOOZE, State.SNOOZED),
        (Verb.RESOLVE, State.RESOLVED),
        (Verb.FALSE_ALARM, State.RESOLVED),
        (Verb.ESCALATE_NOW, State.TRIGGERED),
    ],
)
def test_people_act_on_what_a_group_tells_of_as_on_any_alert(verb, state) -> None:
    done = act(verb, a_member())
    assert isinstance(done, Change)
    assert done.incident.state is state
    assert ("left_group" in recorded(done)) is (state is not State.RESOLVED)


def test_what_needs_a_second_answer_stands_on_its_own_after_the_first_and_rings_at_once() -> None:
    member = replace(a_member(), acks_needed=2)
    done = act(Verb.ACKNOWLEDGE, member)
    assert isinstance(done, Change)
    assert (done.incident.state, done.incident.due_kind, done.incident.due_at) == (
        State.TRIGGERED,
        DueKind.STEP,
        minute(1),
    )
    assert done.incident.waiting_since == minute(1)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        pytest.param({"label": "CSAM"}, State.TRIGGERED, id="a graver category"),
        pytest.param({"label": "THREAT"}, State.TRIGGERED, id="a new category on a lower route"),
        pytest.param({"action": "escalate"}, State.TRIGGERED, id="a higher route"),
        pytest.param({"review": "mod-ana"}, State.ACKNOWLEDGED, id="a review"),
        pytest.param({"report": "user-9"}, State.GROUPED, id="one more report"),
        pytest.param({"label": "SELF_HARM"}, State.GROUPED, id="the same again"),
    ],
)
def test_an_event_takes_out_of_a_group_what_is_not_of_its_kind_any_more(said, state) -> None:
    change = add_event(a_member(), an_observation(1, **said), rules(), minute(1))
    assert change.incident.state is state
    assert bool(told(change)) is (state is State.TRIGGERED)
    assert ("left_group" in recorded(change)) is (state is not State.GROUPED)


def test_what_is_merged_away_leaves_its_group() -> None:
    older = opening(an_observation(0, label="SELF_HARM")).incident
    _kept, gone = merge_incidents(older, replace(a_member(), id=UUID(int=2), number=2), rules(), minute(1))
    assert gone.incident.state is State.MERGED


def test_a_member_ends_as_its_group_has() -> None:
    group = replace(a_group(), outcome=Outcome.ACTION_TAKEN, closed_by="ana", state=State.RESOLVED)
    change = close_member(group, a_member(), rules(), minute(1))
    ended = change.incident
    assert (ended.state, ended.outcome, ended.closed_by) == (State.RESOLVED, Outcome.ACTION_TAKEN, "ana")
    assert [(entry.action.value, entry.reason) for entry in change.entries] == [("incident.resolved", "group")]


def test_a_group_has_nothing_to_reveal() -> None:
    assert act(Verb.REVEAL, a_group()) == Refusal(RefusalReason.OF_A_GROUP)
