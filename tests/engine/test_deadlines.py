"""What deadlines do: steps, repeats, restarts, the second clock, the end of a snooze, a step that failed."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import open_incident
from escalator.engine.deadlines import fire_deadline, make_deadline_due, owner_targets, skip_failed_step
from escalator.engine.incident_change import Change, PolicyPair
from escalator.engine.rounds import LOOP_LIMIT
from escalator.engine.steps import next_send
from escalator.model.incident import DueKind, Incident, State, Verb
from escalator.model.levels import Severity
from escalator.model.message import Occasion
from escalator.model.policy import AcknowledgedRule, Policy, UnansweredRule
from tests.builders import (
    EXAMPLE_POLICY,
    VERSION,
    a_blank,
    a_policy,
    a_route,
    a_step,
    an_incident,
    an_observation,
    minute,
    opening,
    recorded,
    rules,
    told,
)


def fired(incident: Incident, policy: Policy = EXAMPLE_POLICY, times: int = 1) -> Incident:
    """The incident after so many of its deadlines, each at its own time."""
    for _ in range(times):
        assert incident.due_at is not None
        incident = fire_deadline(incident, rules(policy), incident.due_at).incident
    return incident


def on_time(incident: Incident, policy: Policy = EXAMPLE_POLICY) -> Change:
    assert incident.due_at is not None
    return fire_deadline(incident, rules(policy), incident.due_at)


def with_path(*steps, **changes) -> Policy:
    return a_policy(routes=(a_route("only"),), default="only", paths={"only": steps}, **changes)


# --- Steps and repeats ---------------------------------------------------------------------------------------------


def test_a_path_fires_step_by_step_and_its_repeats() -> None:
    incident, seen = an_incident(), []
    while incident.due_kind is DueKind.STEP:
        change = on_time(incident)
        seen.append((incident.due_at - minute(0), change.incident.step, change.incident.send_number, told(change)[0]))
        incident = change.incident
    assert seen == [
        (timedelta(minutes=5), 1, 1, "person:dana"),
        (timedelta(minutes=15), 2, 1, "ts-leads"),
        (timedelta(minutes=25), 2, 2, "ts-leads"),
        (timedelta(minutes=35), 2, 3, "ts-leads"),
        (timedelta(minutes=45), 2, 4, "ts-leads"),
    ]
    assert (incident.due_kind, incident.due_at) == (DueKind.RESTART, minute(75))


def test_when_it_was_first_escalated_is_kept() -> None:
    incident = an_incident()
    assert incident.escalated_at is None, "the first step is no escalation"
    second = fired(incident)
    assert second.escalated_at == minute(5)
    assert fired(second).escalated_at == minute(5)


def test_a_repeat_of_the_first_step_is_an_escalation_too() -> None:
    policy = with_path(a_step("critical-alerts", after=5, repeat=1))
    once = fired(opening(an_observation(), policy).incident, policy)
    assert (once.escalated_at, fired(once, policy).escalated_at) == (None, minute(10))


def test_a_delay_counts_from_when_the_step_before_really_fired() -> None:
    change = fire_deadline(an_incident(), rules(), minute(65))
    assert (change.incident.step, change.incident.due_at) == (1, minute(75))


def test_a_first_step_may_wait_from_the_acceptance_of_the_event() -> None:
    policy = with_path(a_step("critical-alerts", after=10))
    change = opening(an_observation(), policy, at=0)
    assert (change.incident.step, change.incident.due_at, told(change)) == (-1, minute(10), [])
    assert change.incident.send_number == 0
    assert told(on_time(change.incident, policy)) == ["critical-alerts"]


def test_a_first_step_waits_from_the_acceptance_however_late_the_event_is_processed() -> None:
    policy = with_path(a_step("critical-alerts", after=10))
    change = open_incident(a_blank(at=0), an_observation(), rules(policy), minute(4))
    assert (change.incident.due_kind, change.incident.due_at) == (DueKind.STEP, minute(10))
    late = open_incident(a_blank(at=0), an_observation(), rules(policy), minute(12))
    assert (told(late), late.incident.step) == (["critical-alerts"], 0)


def test_people_are_looked_up_in_the_running_policy_and_steps_in_the_frozen_one() -> None:
    people = {key: person for key, person in EXAMPLE_POLICY.people.items() if key != "dana"}
    running = a_policy(people=people, paths={**EXAMPLE_POLICY.paths, "urgent": (a_step("critical-alerts"),)})
    change = fire_deadline(an_incident(), rules(EXAMPLE_POLICY, running), minute(5))
    assert told(change) == ["person:chen", "ts-pager"]


def test_a_step_that_means_nobody_is_recorded_and_the_next_fires_at_once() -> None:
    policy = with_path(a_step("person:zoe", repeat=3), a_step("critical-alerts", after=5))
    change = opening(an_observation(), policy)
    assert told(change) == []
    assert recorded(change)[-3:] == ["missing", "fired", "reached_nobody"]
    assert (change.incident.due_kind, change.incident.due_at) == (DueKind.STEP, minute(0))
    assert told(on_time(change.incident, policy)) == ["critical-alerts"]


def test_a_path_whose_end_means_nobody_tells_who_hears_of_alarms() -> None:
    policy = with_path(a_step("person:zoe"), a_step("person:yan", after=5, repeat=2))
    change = on_time(opening(an_observation(), policy).incident, policy)
    assert told(change) == ["critical-alerts", "person:eli"]
    assert {notice.occasion for notice in change.notices} == {Occasion.STEP}
    assert (change.incident.due_kind, change.incident.due_at) == (DueKind.RESTART, minute(30))


def test_a_repeat_is_followed_by_the_next_until_the_path_ends() -> None:
    path = EXAMPLE_POLICY.paths["urgent"]
    incident = an_incident(step=2, send_number=3)
    assert next_send(incident, path) == (2, 4)
    assert next_send(replace(incident, send_number=4), path) is None
    assert next_send(replace(incident, step=len(path), send_number=0), path) is None


# --- Restart -------------------------------------------------------------------------------------------------------


def at_the_end(**changes) -> Incident:
    return an_incident(step=2, send_number=4, due_kind=DueKind.RESTART, due_at=minute(75), **changes)


def test_a_path_without_an_answer_starts_again_and_tells_whom_the_policy_names() -> None:
    change = on_time(at_the_end())
    after = change.incident
    assert (after.state, after.round, after.step, after.restarts, after.due_at) == (
        State.TRIGGERED,
        2,
        0,
        1,
        minute(80),
    )
    assert told(change) == ["critical-alerts", "person:chen", "person:ben", "person:eli"]
    assert change.notices[-1].occasion is Occasion.RESTART
    assert change.suppress == "superseded"


def test_a_restart_whose_first_step_waits_is_before_that_step() -> None:
    policy = with_path(a_step("critical-alerts", after=10))
    once = fired(opening(an_observation(), policy).incident, policy)
    again = fired(once, policy)
    assert (again.round, again.step, again.send_number, again.due_kind) == (2, -1, 0, DueKind.STEP)


def test_a_step_that_is_due_beyond_the_end_of_its_path_starts_it_again() -> None:
    change = on_time(replace(at_the_end(), due_kind=DueKind.STEP))
    assert (change.incident.round, change.incident.restarts, told(change)[0]) == (2, 1, "critical-alerts")


def test_whom_the_first_step_has_told_is_not_told_of_the_restart_too() -> None:
    policy = a_policy(unanswered=UnansweredRule(tell=("person:ben", "person:eli")))
    assert told(on_time(at_the_end(), policy)).count("person:ben") == 1


@pytest.mark.parametrize(
    ("severity", "waits"),
    [
        pytest.param(Severity.CRITICAL, [30, 30, 30, 30, 30, 30, 30, 30], id="critical: always the same"),
        pytest.param(Severity.HIGH, [30, 60, 120, 240, 480, 960, 1440, 1440], id="below: doubled, at most a day"),
        pytest.param(Severity.UNKNOWN, [30, 60, 120, 240, 480, 960, 1440, 1440], id="unknown is below critical"),
    ],
)
def test_how_long_a_path_waits_before_it_begins_again(severity: Severity, waits: list[int]) -> None:
    policy = with_path(a_step("critical-alerts"))
    incident = replace(opening(an_observation(), policy).incident, severity=severity)
    moments = [minute(0)]
    for _ in waits:
        assert incident.due_at is not None
        moments.append(incident.due_at)
        incident = fired(incident, policy)
    found = [later - earlier for earlier, later in zip(moments, moments[1:], strict=False)]
    assert found == [timedelta(minutes=wait) for wait in waits]


def test_a_wait_longer_than_a_day_is_what_the_policy_wants() -> None:
    policy = with_path(a_step("critical-alerts"), unanswered=UnansweredRule(timedelta(days=2)))
    assert opening(an_observation(), policy).incident.due_at == minute(2 * 24 * 60)


def test_a_path_that_restarts_too_often_waits_for_the_hour_and_the_operator_hears() -> None:
    policy = with_path(a_step("critical-alerts"), unanswered=UnansweredRule(timedelta(minutes=1)))
    incident = replace(opening(an_observation(text_severity="critical"), policy).incident, number=42)
    incident = fired(incident, policy, times=LOOP_LIMIT)
    assert incident.round == 1 + LOOP_LIMIT
    change = on_time(incident, policy)
    assert (change.incident.round, told(change), change.alarms) == (incident.round, [], ("loop:42",))
    assert "automation_stopped" in recorded(change)
    assert (change.incident.due_kind, change.incident.due_at) == (DueKind.RESTART, minute(61))
    assert told(on_time(change.incident, policy)) == ["critical-alerts"]


def test_a_restart_freezes_the_policy_that_runs_now() -> None:
    running = a_policy(routes=(a_route("quiet", "New"),))
    change = fire_deadline(at_the_end(), PolicyPair(EXAMPLE_POLICY, running, UUID(int=2)), minute(75))
    assert (change.incident.route, change.incident.path, change.incident.category) == ("New", "quiet", "self_harm")
    assert change.incident.policy_version == UUID(int=2)


def test_a_restart_keeps_the_frozen_policy_where_the_one_that_runs_now_would_be_silent() -> None:
    running = a_policy(paths={**EXAMPLE_POLICY.paths, "urgent": ()})
    change = fire_deadline(at_the_end(), PolicyPair(EXAMPLE_POLICY, running, UUID(int=2)), minute(75))
    assert (change.incident.path, change.incident.policy_version, told(change)[0]) == (
        "urgent",
        VERSION,
        "critical-alerts",
    )


def test_a_send_is_recorded_with_its_step_its_number_and_how_many_it_told() -> None:
    (fired_step,) = on_time(an_incident(step=2, send_number=1)).entries
    assert fired_step.after == {"step": "3", "sending": "2", "told": "2"}


# --- The second clock ----------------------------------------------------------------------------------------------


def held(**changes) -> Incident:
    return an_incident(
        state=State.ACKNOWLEDGED,
        owner="ana",
        acknowledged_at=minute(0),
        due_kind=DueKind.REMIND,
        due_at=minute(10),
        **changes,
    )


def test_the_owner_is_reminded_and_then_it_is_triggered_again_with_the_owner_named() -> None:
    reminded = on_time(held())
    assert [(notice.occasion, notice.recipient.person) for notice in reminded.notices] == [(Occasion.REMIND, "ana")]
    assert (reminded.incident.state, reminded.incident.due_kind) == (State.ACKNOWLEDGED, DueKind.RESOLVE_WITHIN)
    assert reminded.incident.due_at == minute(15)
    overdue = on_time(reminded.incident)
    after = overdue.incident
    assert (after.state, after.owner, after.round, after.step, after.acknowledgements) == (
        State.TRIGGERED,
        "ana",
        2,
        0,
        (),
    )
    assert (after.waiting_since, after.acknowledged_at) == (minute(15), None)
    assert told(overdue) == ["critical-alerts", "person:chen", "person:ben", "person:ana"]
    assert overdue.notices[-1].occasion is Occasion.OVERDUE
    assert [change.entries[0].after for change in (reminded, overdue)] == [{"owner": "ana"}] * 2


def test_an_owner_whom_the_first_step_tells_is_not_told_twice() -> None:
    incident = replace(held(), owner="ben", due_kind=DueKind.RESOLVE_WITHIN)
    assert told(on_time(incident)).count("person:ben") == 1


def test_a_reminder_that_comes_late_does_not_move_the_end() -> None:
    change = fire_deadline(held(), rules(), minute(13))
    assert change.incident.due_at == minute(15)


def test_reminders_of_one_round_are_told_apart() -> None:
    first = on_time(held()).incident
    extended = apply_action(
        ActionRequest(Verb.STILL_ON_IT, EXAMPLE_POLICY.people["ana"], "slack"), first, rules(), minute(12)
    )
    assert isinstance(extended, Change)
    again = on_time(extended.incident)
    assert [notice.sending for notice in (*on_time(held()).notices, *again.notices)] == [1, 2]
    assert again.incident.send_number == 1


def test_a_policy_that_no_longer_reminds_ends_at_once() -> None:
    policy = a_policy(acknowledged=AcknowledgedRule(timedelta(minutes=30)))
    assert on_time(held(), policy).incident.due_at == minute(10)


@pytest.mark.parametrize(
    ("owner", "assign", "expected"),
    [
        pytest.param("ana", "policy", ("person:ana",), id="a person"),
        pytest.param("child-safety", "policy", ("child-safety",), id="a team"),
        pytest.param("person:ana", "policy", ("person:ana",), id="an assigned person"),
        pytest.param(None, "policy", ("team",), id="nobody: the assigned team"),
        pytest.param(None, None, (), id="nobody at all"),
    ],
)
def test_the_owner_as_a_target(owner: str | None, assign: str | None, expected: tuple[str, ...]) -> None:
    assert owner_targets(an_incident(owner=owner, assign=assign), EXAMPLE_POLICY) == expected


def test_a_team_that_owns_it_is_reminded() -> None:
    assert told(on_time(replace(held(), owner="child-safety"))) == ["person:ana"]


def test_a_snooze_ends_with_a_round_from_the_top() -> None:
    incident = an_incident(state=State.SNOOZED, owner="ana", snoozes=1, due_kind=DueKind.SNOOZE_END, due_at=minute(15))
    change = on_time(incident)
    after = change.incident
    assert (after.state, after.owner, after.round, after.step, after.snoozes) == (State.TRIGGERED, "ana", 2, 0, 1)
    assert (after.due_at, after.waiting_since) == (minute(20), minute(15))
    assert told(change) == ["critical-alerts", "person:chen", "person:ben"]


def test_without_a_deadline_nothing_fires() -> None:
    incident = replace(held(), due_kind=None, due_at=None)
    change = fire_deadline(incident, rules(), minute(99))
    assert (change.incident, change.entries, told(change)) == (incident, (), [])


# --- A step whose every delivery has failed for good ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "sending", "due"),
    [
        pytest.param(0, 1, minute(2), id="the next fires at once"),
        pytest.param(1, 1, minute(2), id="also when the next is the last"),
        pytest.param(2, 1, minute(5), id="the last is never cut short: its repeats come in their time"),
        pytest.param(2, 4, minute(5), id="nor is the wait after it"),
    ],
)
def test_a_step_that_failed(step: int, sending: int, due: object) -> None:
    incident = an_incident(step=step, send_number=sending)
    change = skip_failed_step(incident, rules(), minute(2))
    assert (change.incident.due_kind, change.incident.due_at) == (DueKind.STEP, due)
    assert recorded(change) == ["failed"]
    assert change.entries[0].after == {"step": str(step + 1)}
    assert told(change) == []


def test_the_repeats_of_a_step_that_failed_are_left_out() -> None:
    policy = with_path(a_step("ts-pager", repeat=3), a_step("critical-alerts", after=5))
    incident = opening(an_observation(), policy).incident
    change = skip_failed_step(incident, rules(policy), minute(1))
    assert told(on_time(change.incident, policy)) == ["critical-alerts"]


def test_a_step_that_failed_before_its_end_leaves_the_wait_for_the_restart() -> None:
    incident = at_the_end()
    assert skip_failed_step(replace(incident, step=0), rules(), minute(2)).incident == replace(incident, step=0)


def test_the_sandbox_may_have_a_deadline_now() -> None:
    change = make_deadline_due(an_incident(), rules(), minute(1))
    assert (change.incident.due_kind, change.incident.due_at) == (DueKind.STEP, minute(1))
    closed = an_incident(state=State.RESOLVED, due_kind=None, due_at=None)
    assert make_deadline_due(closed, rules(), minute(1)).incident == closed
