"""Which copies a change makes: every change that a machine is told of, once, and no other."""

from dataclasses import replace

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import add_event, merge_incidents
from escalator.engine.deadlines import fire_deadline
from escalator.engine.feeds import feed_copies
from escalator.engine.incident_change import Change
from escalator.model.audit import SYSTEM, Actor, AuditAction, AuditEntry
from escalator.model.incident import Incident, Outcome, State, Verb
from escalator.model.message import Occasion
from escalator.model.policy import Conditions, Feed
from tests.builders import (
    EXAMPLE_POLICY,
    a_blank,
    a_policy,
    a_step,
    an_incident,
    an_observation,
    minute,
    opening,
    rules,
)

ALL = a_policy(feeds=(Feed("bi-feed"),))
SELF_HARM = an_observation(label="SELF_HARM")


def what(before: Incident | None, change: Change, policy=ALL) -> list[Occasion]:
    return [one.occasion for one in feed_copies(before, change, policy)]


def who(before: Incident | None, change: Change) -> list[str | None]:
    return [one.actor for one in feed_copies(before, change, ALL)]


def done(incident: Incident, verb: Verb, person: str = "ben", **how: object) -> Change:
    act = ActionRequest(verb, ALL.people[person], "slack", **how)
    change = apply_action(act, incident, rules(ALL), minute(2))
    assert isinstance(change, Change)
    return change


def after(*verbs: Verb) -> Incident:
    incident = an_incident(ALL)
    for verb in verbs:
        incident = done(incident, verb).incident
    return incident


TAKEN, SNOOZED = (Verb.ACKNOWLEDGE,), (Verb.ACKNOWLEDGE, Verb.SNOOZE)
ENDED = (Verb.ACKNOWLEDGE, Verb.RESOLVE)


# --- What people do --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("so_far", "verb", "occasions"),
    [
        pytest.param((), Verb.ACKNOWLEDGE, [Occasion.ACKNOWLEDGED], id="taken"),
        pytest.param((), Verb.SNOOZE, [Occasion.ACKNOWLEDGED], id="snoozed at once is taken"),
        pytest.param((), Verb.RESOLVE, [Occasion.RESOLVED], id="resolved at once is over"),
        pytest.param((), Verb.ESCALATE_NOW, [Occasion.ESCALATED], id="the next step now"),
        pytest.param((), Verb.REVEAL, [], id="the text revealed changes nothing"),
        pytest.param(TAKEN, Verb.SNOOZE, [], id="snoozed by who has it"),
        pytest.param(TAKEN, Verb.STILL_ON_IT, [], id="still on it"),
        pytest.param(TAKEN, Verb.RESOLVE, [Occasion.RESOLVED], id="resolved by who has it"),
        pytest.param(TAKEN, Verb.RELEASE, [Occasion.REOPENED], id="released waits again"),
        pytest.param(
            TAKEN, Verb.ESCALATE_NOW, [Occasion.REOPENED, Occasion.ESCALATED], id="taken and then passed on higher"
        ),
        pytest.param(SNOOZED, Verb.RELEASE, [Occasion.REOPENED], id="snoozed and released waits again"),
    ],
)
def test_what_people_do_is_copied(so_far: tuple[Verb, ...], verb: Verb, occasions: list[Occasion]) -> None:
    incident = after(*so_far)
    change = done(incident, verb)
    assert what(incident, change) == occasions
    assert who(incident, change) == ["ben"] * len(occasions)


def test_reopened_by_hand_waits_again() -> None:
    incident = after(*ENDED)
    change = done(incident, Verb.REOPEN, "dana")
    assert what(incident, change) == [Occasion.REOPENED]
    assert who(incident, change) == ["dana"]


def test_handed_over_waits_for_the_other() -> None:
    incident = after(*TAKEN)
    assert what(incident, done(incident, Verb.HAND_OVER, to="chen")) == [Occasion.REOPENED]


def test_the_first_of_two_answers_is_not_an_acknowledgement_yet() -> None:
    incident = an_incident(ALL, acks_needed=2)
    assert what(incident, done(incident, Verb.ACKNOWLEDGE)) == []


# --- What the clock does ---------------------------------------------------------------------------------------------


def test_each_step_and_repeat_after_the_first_is_an_escalation_and_so_is_a_restart() -> None:
    incident, seen = an_incident(ALL), []
    while incident.round < 2:
        change = fire_deadline(incident, rules(ALL), incident.due_at or minute(0))
        seen += [(one.occasion, one.round, one.step, one.sending) for one in feed_copies(incident, change, ALL)]
        incident = change.incident
    escalated = [(1, 1, 1), (1, 2, 1), (1, 2, 2), (1, 2, 3), (1, 2, 4), (2, 0, 1)]
    assert seen == [(Occasion.ESCALATED, *rung) for rung in escalated]


def test_a_first_step_that_waited_is_no_escalation() -> None:
    path = (a_step("critical-alerts", after=10),)
    policy = replace(ALL, paths=dict.fromkeys(ALL.paths, path))
    waiting = opening(SELF_HARM, policy).incident
    assert what(waiting, fire_deadline(waiting, rules(policy), minute(10))) == []


def test_any_other_copy_is_told_apart_by_the_revision() -> None:
    incident = an_incident(ALL, revision=7)
    change = done(incident, Verb.ACKNOWLEDGE)
    assert [one.sending for one in feed_copies(incident, change, ALL)] == [8]


def test_an_escalation_by_the_clock_is_nobodys_act() -> None:
    incident = an_incident(ALL)
    assert who(incident, fire_deadline(incident, rules(ALL), incident.due_at or minute(0))) == [None]


def test_a_reminder_is_no_news() -> None:
    incident = after(*TAKEN)
    change = fire_deadline(incident, rules(ALL), incident.due_at or minute(0))
    assert what(incident, change) == []


def test_what_was_not_resolved_in_time_waits_again() -> None:
    incident = after(*TAKEN)
    reminded = fire_deadline(incident, rules(ALL), incident.due_at or minute(0)).incident
    assert what(reminded, fire_deadline(reminded, rules(ALL), reminded.due_at or minute(0))) == [Occasion.REOPENED]


def test_the_end_of_a_snooze_waits_again() -> None:
    incident = after(*SNOOZED)
    assert what(incident, fire_deadline(incident, rules(ALL), incident.due_at or minute(0))) == [Occasion.REOPENED]


# --- What Stream says ------------------------------------------------------------------------------------------------


def test_a_new_incident_is_opened_and_its_first_step_is_no_escalation() -> None:
    change = opening(SELF_HARM, ALL)
    assert (what(None, change), who(None, change)) == ([Occasion.OPENED], [None])


def test_one_that_is_only_logged_is_opened_too() -> None:
    change = opening(an_observation(label="HATE_SPEECH", text_severity="low"), ALL)
    assert (change.incident.state, what(None, change)) == (State.LOGGED, [Occasion.OPENED])


def test_one_that_opens_reviewed_is_opened_and_over() -> None:
    change = opening(an_observation(label="HATE_SPEECH", text_severity="high", review="mod-ana", reviewed=1), ALL)
    assert what(None, change) == [Occasion.OPENED, Occasion.RESOLVED]
    assert who(None, change) == [None, "ana"]


def test_one_that_is_merged_as_it_comes_is_not_told_at_all() -> None:
    blank = a_blank()
    assert what(None, Change(replace(blank, state=State.MERGED))) == []


def test_one_that_is_merged_later_is_over_and_the_other_goes_on() -> None:
    older, younger = an_incident(ALL), replace(an_incident(ALL), number=2)
    kept, gone = merge_incidents(older, younger, rules(ALL), minute(1))
    assert (what(older, kept), what(younger, gone)) == ([], [Occasion.RESOLVED])


def test_a_review_in_stream_takes_it_or_ends_it_in_the_reviewers_name() -> None:
    incident = an_incident(ALL)
    change = add_event(incident, an_observation(at=1, review="mod-ben"), rules(ALL), minute(1))
    assert (what(incident, change), who(incident, change)) == ([Occasion.ACKNOWLEDGED], ["ben"])
    hate = opening(an_observation(label="HATE_SPEECH", text_severity="high"), ALL).incident
    change = add_event(hate, an_observation(at=1, review="somebody"), rules(ALL), minute(1))
    assert (what(hate, change), who(hate, change)) == ([Occasion.RESOLVED], ["stream:somebody"])


def test_what_is_flagged_again_after_its_end_waits_again() -> None:
    incident = after(*ENDED)
    worse = an_observation(at=3, label="CSAM")
    assert what(incident, add_event(incident, worse, rules(ALL), minute(3))) == [Occasion.REOPENED]


def test_another_event_that_changes_nothing_is_no_news() -> None:
    incident = an_incident(ALL)
    change = add_event(incident, an_observation(at=1, label="SELF_HARM"), rules(ALL), minute(1))
    assert what(incident, change) == []


def test_somebody_elses_acknowledgement_at_a_vendor_is_theirs() -> None:
    incident = an_incident(ALL)
    act = AuditEntry(AuditAction.ACKNOWLEDGED, Actor("stranger", "pagerduty:P1"), "pagerduty")
    change = Change(replace(incident, state=State.ACKNOWLEDGED, acknowledged_at=minute(1)), entries=(act,))
    assert who(incident, change) == ["pagerduty:P1"]


def test_an_end_by_nobody_is_nobodys() -> None:
    incident = an_incident(ALL)
    ended = replace(incident, state=State.RESOLVED, outcome=Outcome.DUPLICATE, closed_by="", closed_at=minute(1))
    assert who(incident, Change(ended, entries=(AuditEntry(AuditAction.RESOLVED, SYSTEM),))) == [None]


# --- Whom ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "is_fed"),
    [
        pytest.param({}, True, id="everything"),
        pytest.param({"min_severity": ("medium",)}, True, id="grave enough"),
        pytest.param({"category": ("self_harm",)}, True, id="its category"),
        pytest.param({"category": ("csam",)}, False, id="another category"),
        pytest.param({"category": ("self_harm",), "source": ("chat-staging",)}, False, id="another source"),
        pytest.param({"label": ("SELF_HARM",)}, True, id="a label"),
    ],
)
def test_a_feed_has_what_its_conditions_say(when: dict[str, tuple[str, ...]], is_fed: bool) -> None:
    policy = a_policy(feeds=(Feed("bi-feed", Conditions(when)),))
    assert what(None, opening(SELF_HARM, policy), policy) == [Occasion.OPENED] * is_fed


def test_the_examples_feed_has_no_more_than_it_asks_for() -> None:
    low = opening(an_observation(label="HATE_SPEECH", text_severity="low"))
    assert (what(None, opening(SELF_HARM), EXAMPLE_POLICY), what(None, low, EXAMPLE_POLICY)) == ([Occasion.OPENED], [])


def test_two_feeds_of_one_destination_are_one_copy() -> None:
    policy = a_policy(feeds=(Feed("bi-feed"), Feed("bi-feed", Conditions({"category": ("self_harm",)}))))
    assert what(None, opening(SELF_HARM, policy), policy) == [Occasion.OPENED]


@pytest.mark.parametrize("to", ["critical-alerts", "ts-pager", "ts-leads", "ts-board", "no-longer-there"])
def test_nobody_but_a_machine_is_fed(to: str) -> None:
    policy = a_policy(feeds=(Feed(to),))
    assert what(None, opening(SELF_HARM, policy), policy) == []


def test_without_feeds_there_are_no_copies() -> None:
    assert feed_copies(None, opening(SELF_HARM), a_policy(feeds=())) == ()


def test_what_happens_twice_within_one_step_is_two_copies() -> None:
    """Taken, handed over, taken by the other: neither acknowledgement may pass for the other."""
    first = done(an_incident(ALL), Verb.ACKNOWLEDGE)
    over = done(first.incident, Verb.HAND_OVER, to="chen").incident
    second = apply_action(ActionRequest(Verb.ACKNOWLEDGE, ALL.people["chen"], "slack"), over, rules(ALL), minute(3))
    assert isinstance(second, Change)
    told = [feed_copies(an_incident(ALL), first, ALL)[0], feed_copies(over, second, ALL)[0]]
    assert [one.occasion for one in told] == [Occasion.ACKNOWLEDGED] * 2
    assert len({(one.round, one.step, one.sending) for one in told}) == 2
