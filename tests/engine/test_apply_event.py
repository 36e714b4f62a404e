"""What one event does: opens, changes, moves, reviews, reopens (RULES 1). For orders of several see test_order."""

from dataclasses import replace

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import add_event, opens_incident
from escalator.engine.deadlines import fire_deadline
from escalator.engine.incident_change import Change
from escalator.engine.rounds import LOOP_LIMIT
from escalator.model.facts import Facts, Observation
from escalator.model.incident import DueKind, Incident, Outcome, State, Verb
from escalator.model.levels import ContentRule, Severity
from escalator.model.policy import Policy
from tests.builders import (
    EXAMPLE_POLICY,
    ITEM,
    a_policy,
    a_route,
    an_incident,
    an_observation,
    minute,
    opening,
    recorded,
    rules,
    told,
)

said = an_observation
TOP = ["critical-alerts", "person:chen", "person:ben"]


def hear(incident: Incident, event: Observation, policy: Policy = EXAMPLE_POLICY, at: float | None = None) -> Change:
    now = event.at if at is None else minute(at)
    return add_event(incident, event, rules(policy), now)


def act(incident: Incident, verb: Verb, by: str = "ana", at: float = 2, **more) -> Incident:
    change = apply_action(
        ActionRequest(verb, EXAMPLE_POLICY.people[by], "slack", **more), incident, rules(), minute(at)
    )
    assert isinstance(change, Change), change
    return change.incident


def taken(**facts) -> Incident:
    return act(opening(said(0, **facts)).incident, Verb.ACKNOWLEDGE)


def closed(**facts) -> Incident:
    return act(taken(**facts), Verb.RESOLVE, at=3)


# --- Opening -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "policy", "wanted"),
    [
        pytest.param(said(), EXAMPLE_POLICY, True, id="what opens"),
        pytest.param(said(opens=False), EXAMPLE_POLICY, False, id="what is only shown"),
        pytest.param(said(event="appeal.created", only_if_named=True), EXAMPLE_POLICY, False, id="an appeal"),
        pytest.param(
            said(event="appeal.created", only_if_named=True),
            a_policy(routes=(a_route("quiet", event="appeal.created"),)),
            True,
            id="an appeal that a route names",
        ),
    ],
)
def test_what_opens_an_incident(event: Observation, policy: Policy, wanted: bool) -> None:
    assert opens_incident(event, policy) is wanted


def test_an_event_opens_an_incident_on_its_path() -> None:
    change = opening(said(label="SUICIDE", content={"text": "goodbye"}))
    one = change.incident
    assert (one.state, one.category, one.severity, one.content_rule) == (
        State.TRIGGERED,
        "self_harm",
        Severity.CRITICAL,
        ContentRule.HIDE,
    )
    assert (one.route, one.path, one.assign, one.round) == ("Urgent harms, office hours", "urgent", "policy", 1)
    assert (one.step, one.send_number, one.due_kind, one.due_at) == (0, 1, DueKind.STEP, minute(5))
    assert (one.fence, one.revision, one.waiting_since, one.content["text"]) == (1, 2, minute(0), "goodbye")
    assert told(change) == TOP
    assert recorded(change) == ["opened", "round_started", "fired"]
    assert change.entries[1].after == {
        "round": "1",
        "route": "Urgent harms, office hours",
        "path": "urgent",
        "category": "self_harm",
        "severity": "critical",
    }


def test_no_record_holds_content() -> None:
    change = opening(said(label="SUICIDE", content={"text": "goodbye", "author_name": "Jess"}))
    assert all("goodbye" not in str(entry) and "Jess" not in str(entry) for entry in change.entries)


def test_what_no_route_takes_goes_the_default_path_and_belongs_to_nobody() -> None:
    one = opening(said()).incident
    assert (one.state, one.route, one.path, one.assign) == (State.TRIGGERED, None, "triage", None)


def test_what_the_policy_only_logs_tells_nobody() -> None:
    change = opening(said(text_severity="low"))
    assert (change.incident.state, change.incident.due_at, told(change)) == (State.LOGGED, None, [])


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        pytest.param({}, State.RESOLVED, id="resolved"),
        pytest.param({"label": "SUICIDE"}, State.ACKNOWLEDGED, id="acknowledged, where its category says so"),
        pytest.param({"text_severity": "low"}, State.RESOLVED, id="resolved, where it would only be logged"),
    ],
)
def test_a_review_of_an_item_never_seen_opens_it_as(facts: dict[str, str], state: State) -> None:
    change = opening(replace(said(0, **facts), **of_review(3)))
    assert (change.incident.state, told(change)) == (state, [])
    assert (change.incident.reviewed_at, change.incident.reviewed_by) == (minute(3), "ana")


def of_review(at: float, by: str = "mod-ana") -> dict[str, object]:
    """Fields that make an event tell of a review too."""
    return {"review": said(at, review=by).review}


def test_what_was_reviewed_before_anybody_saw_it_begins_its_second_clock() -> None:
    one = opening(replace(said(label="SUICIDE"), **of_review(3))).incident
    assert (one.owner, one.due_kind, one.due_at) == ("ana", DueKind.REMIND, minute(10))


# --- Changing ------------------------------------------------------------------------------------------------------


def test_the_same_again_tells_nobody_and_shows_nothing_new() -> None:
    before = an_incident()
    change = hear(before, said(1, label="SELF_HARM"))
    assert (told(change), change.suppress, recorded(change)) == ([], None, ["event_joined"])
    assert replace(change.incident, facts=before.facts, last_event_at=None) == replace(before, last_event_at=None)
    assert change.incident.last_event_at == minute(1)


@pytest.mark.parametrize(
    ("event", "is_shown"),
    [
        pytest.param(said(1, report="user-7", reporter="user"), False, id="one more report"),
        pytest.param(said(1, action="ban"), True, id="what was done"),
        pytest.param(said(1, latest="remove"), True, id="what Stream recommends now"),
        pytest.param(said(1, kind="image"), True, id="an image too"),
        pytest.param(said(1, language="de"), True, id="a language"),
        pytest.param(said(1, content={"text": "other words"}), True, id="other words"),
        pytest.param(said(1, label="THREAT"), False, id="a lesser category"),
    ],
)
def test_messages_are_brought_up_to_date_only_where_one_shows_it(event: Observation, is_shown: bool) -> None:
    before = an_incident()
    assert hear(before, event).incident.revision == before.revision + is_shown


def test_a_report_on_what_is_closed_is_shown_for_stream_has_it_in_its_queue_again() -> None:
    before = closed(label="HATRED")
    assert hear(before, said(5, report="user-7")).incident.revision == before.revision + 1


def test_a_category_only_gets_graver_and_the_record_says_so() -> None:
    change = hear(opening(said(label="THREAT")).incident, said(1, label="SUICIDE"))
    assert (change.incident.category, change.incident.severity) == ("self_harm", Severity.CRITICAL)
    assert change.incident.severity_reason == "Self-harm is at least critical"
    (changed,) = [entry for entry in change.entries if entry.action.value == "incident.changed"]
    assert changed.after == {"category": "self_harm", "severity": "critical"}
    assert hear(an_incident(), said(1, label="THREAT")).incident.category == "self_harm"


def test_a_stricter_content_rule_says_how_long_the_text_was_visible() -> None:
    change = hear(opening(said(label="HATRED")).incident, said(2, label="PII"))
    assert change.incident.content_rule is ContentRule.WITHHOLD
    (redacted,) = [entry for entry in change.entries if entry.action.value == "incident.redacted"]
    assert redacted.after == {"before": "hide", "after": "withhold", "visible_s": "120"}


def test_of_withheld_content_not_even_the_address_of_media_is_kept() -> None:
    before = opening(said(label="HATRED", content={"media": "https://cdn.example.com/1.jpg"})).incident
    assert before.content["media"]
    assert hear(before, said(2, label="PII")).incident.content["media"] == ""
    late = hear(hear(before, said(2, label="PII")).incident, said(3, content={"media": "https://cdn.example.com/2"}))
    assert late.incident.content["media"] == ""


def test_what_the_policy_that_runs_now_withholds_keeps_no_address_either() -> None:
    withheld = {key: replace(one, content=ContentRule.WITHHOLD) for key, one in EXAMPLE_POLICY.categories.items()}
    event = said(1, content={"media": "https://cdn.example.com/1.jpg"})
    change = add_event(an_incident(), event, rules(EXAMPLE_POLICY, a_policy(categories=withheld)), minute(1))
    assert change.incident.content["media"] == ""


def test_what_was_withheld_once_keeps_no_address_though_neither_policy_says_so_now() -> None:
    before = an_incident(content_rule=ContentRule.WITHHOLD)
    assert hear(before, said(1, content={"media": "https://cdn.example.com/1.jpg"})).incident.content["media"] == ""


def test_the_first_links_stay_and_new_ones_are_added() -> None:
    before = an_incident(links={"item_id": "item-1", "item": "https://stream/1"})
    event = replace(said(1), links={"item_id": "item-1", "item": "https://stream/2", "channel": "https://stream/3"})
    assert hear(before, event).incident.links == {
        "item_id": "item-1",
        "item": "https://stream/1",
        "channel": "https://stream/3",
    }


def test_an_incident_waits_from_its_opening_whatever_the_event_is_dated() -> None:
    one = opening(said(-30), at=2).incident
    assert (one.opened_at, one.waiting_since, one.last_event_at) == (minute(2), minute(2), minute(2))


def test_a_review_is_recorded_with_what_was_done_and_by_whom() -> None:
    change = hear(an_incident(), said(1, review="mod-ana"))
    (entry,) = (entry for entry in change.entries if entry.action.value == "incident.review_noted")
    assert (entry.reason, entry.after) == ("mark_reviewed", {"by": "ana"})


# --- Moving --------------------------------------------------------------------------------------------------------


def test_a_higher_route_starts_a_new_round_and_drops_what_the_old_path_has_not_sent() -> None:
    before = replace(opening(said(text_severity="high")).incident, restarts=2)
    change = hear(before, said(3, label="CSAM"))
    after = change.incident
    assert (after.route, after.path, after.round, after.step, after.restarts) == (
        "Child safety",
        "child-safety",
        2,
        0,
        0,
    )
    assert (after.due_at, after.waiting_since, change.suppress) == (minute(8), minute(0), "superseded")
    assert told(change) == ["person:ana", "child-safety-room"]
    assert (recorded(change)[-1], change.entries[-1].after) == ("moved", {"route": "Child safety"})


def test_a_lower_route_changes_nothing() -> None:
    change = hear(opening(said(text_severity="high")).incident, said(1, latest="remove"))
    assert (change.incident.route, change.incident.round, told(change)) == ("Still visible", 1, [])


def test_what_was_only_logged_rings_once_the_facts_say_so() -> None:
    change = hear(opening(said(text_severity="low")).incident, said(4, label="SUICIDE"))
    assert (change.incident.state, change.incident.waiting_since, told(change)) == (State.TRIGGERED, minute(4), TOP)


def test_what_nobody_has_touched_falls_silent_when_the_facts_say_so() -> None:
    change = hear(opening(said()).incident, said(1, text_severity="low"))
    assert (change.incident.state, change.incident.due_at, change.suppress) == (State.LOGGED, None, "superseded")


def test_what_was_handed_to_somebody_never_falls_silent() -> None:
    handed = act(taken(), Verb.HAND_OVER, to="ben")
    change = hear(handed, said(3, text_severity="low"))
    assert (change.incident.state, change.incident.path, change.incident.round) == (State.TRIGGERED, "triage", 2)
    assert (change.incident.due_at, told(change)) == (handed.due_at, [])


def test_what_somebody_holds_and_gets_worse_rings_on_its_path_where_the_new_route_has_none() -> None:
    change = hear(taken(), said(3, text_severity="low"))
    assert (change.incident.state, change.incident.path, change.incident.round) == (State.TRIGGERED, "triage", 2)
    assert told(change) == ["critical-alerts"]


@pytest.mark.parametrize("verb", [Verb.ACKNOWLEDGE, Verb.SNOOZE])
@pytest.mark.parametrize(
    ("first", "then", "moves"),
    [
        pytest.param({"label": "THREAT"}, {"label": "SUICIDE"}, True, id="a graver category, a higher severity"),
        pytest.param({"label": "SUICIDE"}, {"label": "CSAM"}, True, id="a graver category"),
        pytest.param({"label": "THREAT"}, {"text_severity": "critical"}, True, id="a higher severity"),
        pytest.param({"label": "SUICIDE"}, {"label": "HATRED"}, False, id="a lesser category"),
        pytest.param({"label": "SUICIDE"}, {"action": "escalate"}, False, id="a higher route alone"),
        pytest.param({"label": "SUICIDE"}, {"report": ["a", "b", "c", "d", "e"]}, False, id="many reports"),
    ],
)
def test_what_somebody_holds_moves_only_for_a_graver_category_or_severity(
    verb: Verb, first: dict[str, str], then: dict[str, str], moves: bool
) -> None:
    held = act(opening(said(**first)).incident, verb)
    after = hear(held, said(5, **then)).incident
    assert (after.state is State.TRIGGERED) is moves
    assert (after.owner, after.round) == ("ana", held.round + moves)


def test_automation_stops_after_ten_rounds_in_an_hour_and_the_operator_hears() -> None:
    before = replace(opening(said()).incident, number=7, automated_rounds_since=minute(0), automated_rounds=LOOP_LIMIT)
    change = hear(before, said(30, label="SUICIDE"))
    assert (change.incident.round, change.incident.route, told(change)) == (1, None, [])
    assert (change.alarms, recorded(change)[-1]) == (("loop:7",), "automation_stopped")
    assert change.incident.due_at == before.due_at
    later = hear(change.incident, said(60, label="SUICIDE"))
    assert (later.incident.round, later.incident.automated_rounds, later.alarms) == (2, 1, ())


def test_up_to_ten_rounds_in_an_hour_are_as_many_as_the_facts_ask_for() -> None:
    before = replace(opening(said()).incident, automated_rounds_since=minute(0), automated_rounds=LOOP_LIMIT - 1)
    assert hear(before, said(30, label="SUICIDE")).incident.round == 2


def test_a_closed_incident_stays_closed_when_automation_has_stopped_and_the_operator_hears() -> None:
    before = replace(closed(label="HATRED"), automated_rounds_since=minute(0), automated_rounds=LOOP_LIMIT)
    change = hear(before, said(30, label="SUICIDE"))
    assert (change.incident.state, change.alarms) == (State.RESOLVED, ("loop:1",))


# --- Reviews -------------------------------------------------------------------------------------------------------


def test_a_review_resolves_and_says_by_whom() -> None:
    change = hear(opening(said(label="THREAT")).incident, said(3, review="mod-ana"))
    after = change.incident
    assert (after.state, after.outcome, after.closed_by) == (State.RESOLVED, Outcome.REVIEWED_IN_STREAM, "ana")
    assert (change.suppress, told(change)) == ("resolved", [])
    assert recorded(change) == ["event_joined", "review_noted", "resolved"]


def test_a_review_that_only_acknowledges_makes_its_author_the_owner() -> None:
    after = hear(an_incident(), said(3, review="mod-ana")).incident
    assert (after.state, after.owner, after.due_at) == (State.ACKNOWLEDGED, "ana", minute(3 + 10))


def test_a_review_by_a_stranger_makes_the_assigned_team_the_owner() -> None:
    after = hear(an_incident(), said(3, review="mod-zoe")).incident
    assert (after.owner, after.reviewed_by) == ("policy", "stream:mod-zoe")


def test_it_only_acknowledges_where_any_category_that_fits_says_so() -> None:
    categories = dict(sorted(EXAMPLE_POLICY.categories.items(), key=lambda one: one[0] != "threat"))
    policy = a_policy(categories=categories)
    incident = opening(said(label=["THREAT", "SUICIDE"]), policy).incident
    assert incident.category == "threat"
    assert hear(incident, said(3, review="mod-ana"), policy).incident.state is State.ACKNOWLEDGED


def test_a_review_ends_what_somebody_holds() -> None:
    assert hear(taken(label="THREAT"), said(3, review="mod-ben")).incident.closed_by == "ben"


def test_a_review_that_only_acknowledges_leaves_a_snooze_alone_for_its_end_rings_again() -> None:
    snoozed = act(an_incident(), Verb.SNOOZE)
    after = hear(snoozed, said(3, review="mod-ben")).incident
    assert (after.state, after.due_kind, after.owner) == (State.SNOOZED, DueKind.SNOOZE_END, "ana")


@pytest.mark.parametrize("verb", [Verb.RELEASE, Verb.HAND_OVER, Verb.ESCALATE_NOW])
def test_a_review_counts_once_and_not_again_after_somebody_has_asked_for_others(verb: Verb) -> None:
    reviewed = hear(an_incident(), said(3, review="mod-ana")).incident
    waiting = act(reviewed, verb, "dana", at=4, to="ben")
    again = hear(waiting, said(9, reviewed=3, review="mod-ana", report="user-7")).incident
    assert again.state is State.TRIGGERED
    older = hear(again, said(10, reviewed=2, review="mod-ben")).incident
    assert older.state is State.TRIGGERED
    assert hear(older, said(11, review="mod-ben")).incident.state is State.ACKNOWLEDGED


def test_a_review_whose_time_ran_out_counts_no_more() -> None:
    reviewed = hear(an_incident(), said(3, review="mod-ana")).incident
    reminded = fire_deadline(reviewed, rules(), minute(13)).incident
    overdue = fire_deadline(reminded, rules(), minute(18)).incident
    assert overdue.state is State.TRIGGERED
    assert hear(overdue, said(30, reviewed=3, review="mod-ana")).incident.state is State.TRIGGERED


def test_the_newest_review_is_the_one_shown() -> None:
    one = hear(opening(said(label="CSAM")).incident, said(5, review="mod-ana")).incident
    older = hear(hear(one, said(3, review="mod-ben")).incident, said(5, review="mod-ana")).incident
    assert (older.reviewed_at, older.reviewed_by) == (minute(5), "ana")
    assert hear(older, said(6, review="mod-ben")).incident.reviewed_by == "ben"


# --- Reopening what a person has closed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "reopens"),
    [
        pytest.param(said(5, label="HATRED", text_severity="low"), False, id="the same again"),
        pytest.param(said(5, report=["a", "b", "c", "d"]), False, id="four new reporters"),
        pytest.param(said(5, report=["a", "b", "c", "d", "e"]), True, id="five new reporters"),
        pytest.param(said(5, label="PII"), True, id="a new category"),
        pytest.param(said(5, text_severity="medium"), True, id="a higher severity"),
        pytest.param(said(5, action="escalate"), True, id="escalated in Stream"),
        pytest.param(said(5, action="delete_message"), False, id="what was done to it"),
        pytest.param(said(5, review="mod-ben"), False, id="a review"),
    ],
)
def test_what_a_person_has_closed_is_reopened_by(event: Observation, reopens: bool) -> None:
    policy = a_policy(routes=(a_route("urgent", "all"),))
    opened = opening(said(label="HATRED", text_severity="low", report=["x", "y", "z"]), policy).incident
    before = act(opened, Verb.FALSE_ALARM)
    assert before.reports_at_close == 3
    change = hear(before, event, policy)
    assert (change.incident.state is State.TRIGGERED) is reopens
    assert ("reopened" in recorded(change)) is reopens
    if reopens:
        assert (change.incident.outcome, change.incident.closed_at, change.incident.round) == (None, None, 2)
        assert told(change)[0] == "critical-alerts"


def test_when_an_event_brings_back_what_was_closed_and_a_review_with_it_the_flag_wins() -> None:
    both = replace(said(5, label="SUICIDE"), **of_review(6))
    assert hear(closed(label="HATRED"), both).incident.state is State.TRIGGERED


def test_what_was_closed_by_hand_as_reviewed_is_closed_by_hand() -> None:
    before = act(taken(label="THREAT"), Verb.RESOLVE, outcome=Outcome.REVIEWED_IN_STREAM)
    assert hear(before, said(9, event="message.deleted")).incident.state is State.RESOLVED


def test_what_was_closed_by_hand_as_reviewed_stays_so_though_an_older_review_is_known() -> None:
    reviewed = hear(an_incident(), said(3, review="mod-ana")).incident
    again = act(act(reviewed, Verb.RELEASE, at=4), Verb.RESOLVE, at=5, outcome=Outcome.REVIEWED_IN_STREAM)
    assert hear(again, said(9, event="message.deleted")).incident.state is State.RESOLVED


def test_what_reviews_have_closed_stays_as_it_is_when_nothing_new_is_said() -> None:
    reviewed = hear(opening(said(label="THREAT")).incident, said(3, review="mod-ana")).incident
    change = hear(reviewed, said(9, label="THREAT", reviewed=3, review="mod-ana"))
    assert (change.incident.round, change.incident.closed_at) == (1, minute(3))
    assert (recorded(change), change.suppress) == (["event_joined"], None)


def test_what_is_purged_is_not_reopened_by_what_was_known_of_it() -> None:
    reviewed = hear(opening(said(label="THREAT")).incident, said(3, review="mod-ana")).incident
    for before in (closed(label="THREAT"), reviewed):
        purged = replace(before, facts=Facts())
        assert hear(purged, said(60, label="THREAT", keys=(ITEM,))).incident.state is State.RESOLVED
        assert hear(purged, said(60, label="SUICIDE", keys=(ITEM,))).incident.state is State.TRIGGERED


def test_what_would_only_be_logged_comes_back_as_logged() -> None:
    before = act(opening(said(text_severity="low")).incident, Verb.RESOLVE)
    assert hear(before, said(5, text_severity="medium")).incident.state is State.LOGGED


# --- A viral item --------------------------------------------------------------------------------------------------


def test_what_comes_after_a_thousand_others_is_decided_by_all_the_same() -> None:
    reasons = [f"reason {count:04}" for count in range(1000)]
    before = opening(said(0, reason=reasons)).incident
    after = hear(before, said(5, reason="suicide")).incident
    assert (after.category, after.state, after.path) == ("self_harm", State.TRIGGERED, "urgent")
    assert len(after.facts.values("reason")) == 1000
    again = hear(after, said(6, reason="suicide")).incident
    assert (again.category, again.severity, again.round) == ("self_harm", Severity.CRITICAL, after.round)


# --- Opened by hand ------------------------------------------------------------------------------------------------


def test_what_a_person_opens_is_theirs_in_the_record_and_never_only_logged() -> None:
    quiet = said(0, text_severity="low")
    assert opening(quiet).incident.state is State.LOGGED
    change = opening(replace(quiet, opened_by="ana", via="slack"))
    assert (change.incident.state, told(change)) == (State.TRIGGERED, ["critical-alerts"])
    assert {(entry.actor.kind, entry.actor.key, entry.via) for entry in change.entries} == {("person", "ana", "slack")}
