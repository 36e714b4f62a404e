"""What people do (RULES 3): every verb in every state, and who is told why not."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal, RefusalReason
from escalator.model.incident import DueKind, Incident, Outcome, State, Verb
from escalator.model.levels import ContentRule, Severity
from escalator.model.message import Occasion
from escalator.model.policy import AcknowledgedRule, Policy
from tests.builders import (
    EXAMPLE_POLICY,
    a_policy,
    a_step,
    an_incident,
    an_observation,
    minute,
    opening,
    recorded,
    rules,
    told,
)

TRIGGERED, ACKNOWLEDGED, SNOOZED, GROUPED, LOGGED, RESOLVED, MERGED = State


def act(verb: Verb, by: str = "ana", **more) -> ActionRequest:
    return ActionRequest(verb, EXAMPLE_POLICY.people[by], "slack", **more)


def do(
    incident: Incident, verb: Verb, by: str = "ana", *, at: float = 2, policy: Policy = EXAMPLE_POLICY, **more
) -> Change | Refusal:
    return apply_action(act(verb, by, **more), incident, rules(policy), minute(at))


def done(incident: Incident, verb: Verb, by: str = "ana", **more) -> Incident:
    change = do(incident, verb, by, **more)
    assert isinstance(change, Change), change
    return change.incident


def taken(by: str = "ana", **more) -> Incident:
    return done(an_incident(), Verb.ACKNOWLEDGE, by, **more)


def logged() -> Incident:
    return opening(an_observation(text_severity="low")).incident


IN = {
    TRIGGERED: an_incident(),
    ACKNOWLEDGED: taken(),
    SNOOZED: done(an_incident(), Verb.SNOOZE),
    LOGGED: logged(),
    RESOLVED: done(taken(), Verb.RESOLVE, outcome=Outcome.ACTION_TAKEN),
    GROUPED: replace(an_incident(), state=GROUPED, due_kind=None, due_at=None, group_id=UUID(int=9)),
    MERGED: replace(an_incident(), state=MERGED, due_kind=None, due_at=None),
}
NOT_NOW, ALREADY_TAKEN = RefusalReason.NOT_NOW, RefusalReason.ALREADY_TAKEN


@pytest.mark.parametrize("state", State, ids=lambda state: f"when {state}")
@pytest.mark.parametrize(
    ("verb", "outcomes"),
    [
        # what it is then, or why not: triggered (and grouped), acknowledged, snoozed, logged
        pytest.param(Verb.ACKNOWLEDGE, [ACKNOWLEDGED, ALREADY_TAKEN, ALREADY_TAKEN, NOT_NOW], id="acknowledge"),
        pytest.param(Verb.RELEASE, [NOT_NOW, TRIGGERED, TRIGGERED, NOT_NOW], id="release"),
        pytest.param(Verb.RESOLVE, [RESOLVED, RESOLVED, RESOLVED, RESOLVED], id="resolve"),
        pytest.param(Verb.FALSE_ALARM, [RESOLVED, RESOLVED, RESOLVED, RESOLVED], id="false alarm"),
        pytest.param(Verb.SNOOZE, [SNOOZED, SNOOZED, ALREADY_TAKEN, NOT_NOW], id="snooze"),
        pytest.param(Verb.HAND_OVER, [NOT_NOW, TRIGGERED, TRIGGERED, NOT_NOW], id="hand over"),
        pytest.param(Verb.TAKE_OVER, [ACKNOWLEDGED, ACKNOWLEDGED, ACKNOWLEDGED, NOT_NOW], id="take over"),
        pytest.param(Verb.ESCALATE_NOW, [TRIGGERED, TRIGGERED, TRIGGERED, TRIGGERED], id="escalate now"),
        pytest.param(Verb.STILL_ON_IT, [NOT_NOW, ACKNOWLEDGED, NOT_NOW, NOT_NOW], id="still on it"),
        pytest.param(Verb.REVEAL, [TRIGGERED, ACKNOWLEDGED, SNOOZED, LOGGED], id="reveal"),
        pytest.param(Verb.NOTE, [TRIGGERED, ACKNOWLEDGED, SNOOZED, LOGGED], id="note"),
        pytest.param(Verb.REOPEN, [NOT_NOW, NOT_NOW, NOT_NOW, NOT_NOW], id="reopen"),
    ],
)
def test_every_verb_in_every_state(verb: Verb, outcomes: list[State | RefusalReason], state: State) -> None:
    change = do(IN[state], verb, "dana", to="ben")
    found = change.why if isinstance(change, Refusal) else change.incident.state
    after_the_end = [
        {Verb.REOPEN: TRIGGERED, Verb.NOTE: RESOLVED}.get(verb, RefusalReason.RESOLVED),
        RefusalReason.MERGED,
    ]
    triggered, acknowledged, snoozed, logged = outcomes
    grouped = GROUPED if triggered is TRIGGERED and verb is not Verb.ESCALATE_NOW else triggered
    expected = [triggered, acknowledged, snoozed, grouped, logged, *after_the_end]
    assert found == expected[list(State).index(state)]


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb not in {Verb.REOPEN, Verb.NOTE}])
def test_a_click_on_a_resolved_incident_is_told_who_and_when(verb: Verb) -> None:
    refused = do(IN[RESOLVED], verb, "dana", at=9)
    assert refused == Refusal(RefusalReason.RESOLVED, "ana", minute(2))


def test_who_may_not_see_it_is_not_even_told_who_closed_it() -> None:
    csam = replace(IN[RESOLVED], category="csam")
    assert do(csam, Verb.ACKNOWLEDGE, "eli") == Refusal(RefusalReason.RESTRICTED)


# --- Old buttons ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb not in {Verb.ACKNOWLEDGE, Verb.REOPEN, Verb.NOTE}])
def test_an_old_button_is_answered_with_the_present_state(verb: Verb) -> None:
    incident = taken()
    refused = do(incident, verb, "dana", seen=(incident.round, incident.fence - 1), to="ben")
    assert refused == Refusal(RefusalReason.STALE, "ana", minute(2))
    assert do(incident, verb, "dana", seen=(incident.round + 1, incident.fence), to="ben") == refused


def test_a_fresh_button_counts() -> None:
    incident = taken()
    assert done(incident, Verb.RESOLVE, seen=(incident.round, incident.fence)).state is RESOLVED


def test_acknowledge_counts_whatever_it_shows() -> None:
    assert done(an_incident(), Verb.ACKNOWLEDGE, seen=(0, 0)).state is ACKNOWLEDGED


# --- Acknowledge ---------------------------------------------------------------------------------------------------


def test_an_acknowledgement_stops_the_path_and_starts_the_second_clock() -> None:
    change = do(an_incident(), Verb.ACKNOWLEDGE, at=2)
    assert isinstance(change, Change)
    after = change.incident
    assert (after.state, after.owner, after.acknowledged_at) == (ACKNOWLEDGED, "ana", minute(2))
    assert (after.due_kind, after.due_at) == (DueKind.REMIND, minute(2 + 15 - 5))
    assert (change.suppress, told(change), recorded(change)) == ("acknowledged", [], ["acknowledged"])
    assert [entry.actor.key for entry in change.entries] == ["ana"]


def test_when_it_was_first_acknowledged_stays_whatever_follows() -> None:
    again = done(done(taken(at=2), Verb.RELEASE, at=3), Verb.ACKNOWLEDGE, "ben", at=9)
    assert (again.acknowledged_at, again.first_acknowledged_at) == (minute(9), minute(2))
    assert done(again, Verb.RESOLVE, "ben", at=12).first_acknowledged_at == minute(2)


def test_what_nobody_acknowledged_counts_as_acknowledged_when_it_is_closed() -> None:
    assert done(logged(), Verb.RESOLVE, at=4).first_acknowledged_at == minute(4)


def test_the_second_acknowledgement_is_told_who_and_when() -> None:
    assert do(taken(), Verb.ACKNOWLEDGE, "ben", at=4) == Refusal(ALREADY_TAKEN, "ana", minute(2))


@pytest.mark.parametrize(
    ("clock", "category", "kind", "due"),
    [
        pytest.param(AcknowledgedRule(timedelta(minutes=30)), "hate", DueKind.RESOLVE_WITHIN, 30, id="no reminder"),
        pytest.param(EXAMPLE_POLICY.acknowledged, "hate", DueKind.REMIND, 25, id="the policy's time"),
        pytest.param(EXAMPLE_POLICY.acknowledged, "threat", DueKind.REMIND, 55, id="the category's own time"),
        pytest.param(None, "threat", DueKind.RESOLVE_WITHIN, 60, id="the category's alone"),
        pytest.param(None, "hate", None, None, id="no second clock at all"),
        pytest.param(
            AcknowledgedRule(timedelta(hours=2), timedelta(hours=1)),
            "self_harm",
            DueKind.RESOLVE_WITHIN,
            15,
            id="a reminder that would come too early is left out",
        ),
        pytest.param(
            AcknowledgedRule(timedelta(minutes=30), timedelta(minutes=30)),
            "hate",
            DueKind.RESOLVE_WITHIN,
            30,
            id="one that would come at once too",
        ),
    ],
)
def test_by_when_it_must_be_resolved(
    clock: AcknowledgedRule | None, category: str, kind: DueKind | None, due: float | None
) -> None:
    after = taken_in(category, a_policy(acknowledged=clock))
    assert (after.due_kind, after.due_at) == (kind, None if due is None else minute(due))


def taken_in(category: str, policy: Policy) -> Incident:
    return done(an_incident(category=category), Verb.ACKNOWLEDGE, at=0, policy=policy)


# --- Release -------------------------------------------------------------------------------------------------------


def test_a_release_starts_the_path_from_the_top_at_once() -> None:
    change = do(replace(taken(), step=1, snoozes=1), Verb.RELEASE, at=3)
    assert isinstance(change, Change)
    after = change.incident
    assert (after.state, after.owner, after.round, after.step, after.snoozes) == (TRIGGERED, None, 2, 0, 0)
    assert (after.due_kind, after.due_at, after.waiting_since) == (DueKind.STEP, minute(8), minute(3))
    assert told(change) == ["critical-alerts", "person:chen", "person:ben"]
    assert change.suppress == "superseded"
    assert (recorded(change)[0], change.entries[0].after) == ("released", {"owner": "ana"})


def test_a_senior_may_release_somebody_elses_and_a_moderator_may_not() -> None:
    assert do(taken(), Verb.RELEASE, "ben") == Refusal(RefusalReason.NOT_YOURS, "ana", minute(2))
    assert done(taken(), Verb.RELEASE, "dana").owner is None


def test_a_release_never_falls_silent_though_the_running_policy_would() -> None:
    silent = a_policy(paths={**EXAMPLE_POLICY.paths, "urgent": ()})
    change = apply_action(act(Verb.RELEASE), taken(), rules(EXAMPLE_POLICY, silent), minute(3))
    assert isinstance(change, Change)
    assert (change.incident.state, change.incident.path) == (TRIGGERED, "urgent")
    assert told(change)[0] == "critical-alerts"


def test_what_has_no_steps_in_any_policy_goes_to_the_first_path_that_has() -> None:
    silent = a_policy(paths={**EXAMPLE_POLICY.paths, "urgent": (), "triage": ()})
    after = done(replace(taken(), path="urgent"), Verb.RELEASE, policy=silent)
    assert (after.state, after.path) == (TRIGGERED, "child-safety")


def test_a_policy_without_any_step_has_decided_to_be_silent() -> None:
    silent = a_policy(paths=dict.fromkeys(EXAMPLE_POLICY.paths, ()))
    assert done(taken(), Verb.RELEASE, policy=silent).state is LOGGED


# --- Resolve -------------------------------------------------------------------------------------------------------


def test_a_resolve_ends_it() -> None:
    change = do(taken(), Verb.RESOLVE, at=4, outcome=Outcome.REFERRED, reference="  case 17 ")
    assert isinstance(change, Change)
    after = change.incident
    assert (after.state, after.outcome, after.closed_by, after.closed_at) == (
        RESOLVED,
        Outcome.REFERRED,
        "ana",
        minute(4),
    )
    assert (after.due_kind, after.due_at, change.suppress) == (None, None, "resolved")
    assert after.content["reference"] == "case 17"
    assert all("case 17" not in str(entry) for entry in change.entries)


def test_a_resolve_ends_every_count() -> None:
    after = done(replace(taken(), restarts=3, extensions=4, snoozes=2), Verb.RESOLVE)
    assert (after.restarts, after.extensions, after.snoozes) == (0, 0, 0)


@pytest.mark.parametrize("reference", [None, "", "  "])
def test_a_referral_needs_a_reference(reference: str | None) -> None:
    refused = do(taken(), Verb.RESOLVE, outcome=Outcome.REFERRED, reference=reference)
    assert refused == Refusal(RefusalReason.NO_REFERENCE)


def test_without_an_outcome_action_was_taken_and_a_false_alarm_is_no_violation() -> None:
    assert done(taken(), Verb.RESOLVE).outcome is Outcome.ACTION_TAKEN
    assert done(taken(), Verb.FALSE_ALARM, outcome=Outcome.TEST).outcome is Outcome.NO_VIOLATION


def test_a_resolve_of_what_is_triggered_acknowledges_too() -> None:
    change = do(an_incident(), Verb.RESOLVE)
    assert isinstance(change, Change)
    assert recorded(change) == ["acknowledged", "resolved"]
    assert [given.person for given in change.incident.acknowledgements] == ["ana"]


def test_what_names_an_owner_whose_time_ran_out_is_anybodys_to_resolve() -> None:
    assert done(an_incident(owner="ben"), Verb.RESOLVE, "ana").closed_by == "ana"


def test_a_moderator_resolves_what_is_theirs_or_nobodys_and_a_senior_anything() -> None:
    assert do(taken(), Verb.RESOLVE, "ben") == Refusal(RefusalReason.NOT_YOURS, "ana", minute(2))
    assert done(replace(taken(), owner=None), Verb.RESOLVE, "ben").state is RESOLVED
    assert done(taken(), Verb.RESOLVE, "dana").state is RESOLVED


# --- Snooze --------------------------------------------------------------------------------------------------------


def test_a_snooze_pauses_and_keeps_it() -> None:
    change = do(an_incident(), Verb.SNOOZE, at=2)
    assert isinstance(change, Change)
    after = change.incident
    assert (after.state, after.owner, after.snoozes, after.acknowledged_at) == (SNOOZED, "ana", 1, minute(2))
    assert (after.due_kind, after.due_at, change.suppress) == (DueKind.SNOOZE_END, minute(17), "snoozed")


def test_a_snooze_of_what_is_acknowledged_keeps_when_it_was_taken() -> None:
    after = done(taken(), Verb.SNOOZE, at=7)
    assert (after.acknowledged_at, after.due_at) == (minute(2), minute(22))


def test_a_senior_who_snoozes_somebody_elses_has_it_then() -> None:
    assert do(taken(), Verb.SNOOZE, "ben") == Refusal(RefusalReason.NOT_YOURS, "ana", minute(2))
    assert done(taken(), Verb.SNOOZE, "dana").owner == "dana"


@pytest.mark.parametrize(
    ("severity", "by", "minutes", "may"),
    [
        pytest.param(Severity.HIGH, "ana", 15, True, id="15 minutes"),
        pytest.param(Severity.HIGH, "ana", 60, True, id="an hour"),
        pytest.param(Severity.HIGH, "ana", 30, False, id="any other time is for seniors"),
        pytest.param(Severity.HIGH, "ana", 120, False, id="longer is for seniors"),
        pytest.param(Severity.HIGH, "dana", 120, True, id="a senior may snooze longer"),
        pytest.param(Severity.HIGH, "dana", 1, True, id="or for a minute"),
        pytest.param(Severity.HIGH, "dana", 1440, True, id="at most a day"),
        pytest.param(Severity.HIGH, "dana", 1441, False, id="nobody more than a day"),
        pytest.param(Severity.HIGH, "dana", 0, False, id="nobody for no time"),
        pytest.param(Severity.HIGH, "dana", -5, False, id="nobody back in time"),
        pytest.param(Severity.CRITICAL, "ana", 15, True, id="critical: 15 minutes"),
        pytest.param(Severity.CRITICAL, "ana", 60, False, id="critical: no hour"),
        pytest.param(Severity.CRITICAL, "dana", 60, False, id="critical: no hour for a senior either"),
        pytest.param(Severity.UNKNOWN, "ana", 60, True, id="unknown is not critical"),
    ],
)
def test_how_long_it_may_rest(severity: Severity, by: str, minutes: int, may: bool) -> None:
    change = do(an_incident(severity=severity), Verb.SNOOZE, by, at=0, minutes=minutes)
    if may:
        assert isinstance(change, Change)
        assert change.incident.due_at == minute(minutes)
    else:
        assert change == Refusal(RefusalReason.TOO_LONG)


def test_what_is_snoozed_already_is_told_by_whom_and_since_when() -> None:
    snoozed = done(taken(), Verb.SNOOZE, at=7)
    assert do(snoozed, Verb.SNOOZE, at=8) == Refusal(ALREADY_TAKEN, "ana", minute(2))


def test_twice_in_a_row_at_most_though_somebody_acknowledges_in_between() -> None:
    incident = an_incident(snoozes=2)
    assert do(incident, Verb.SNOOZE) == Refusal(RefusalReason.TOO_OFTEN)
    assert do(done(incident, Verb.ACKNOWLEDGE), Verb.SNOOZE) == Refusal(RefusalReason.TOO_OFTEN)


@pytest.mark.parametrize("verb", [Verb.RELEASE, Verb.ESCALATE_NOW, Verb.HAND_OVER])
def test_what_asks_for_somebody_else_breaks_the_row(verb: Verb) -> None:
    assert done(replace(taken(), snoozes=2), verb, to="ben").snoozes == 0


def test_what_is_withheld_is_never_snoozed() -> None:
    assert do(an_incident(content_rule=ContentRule.WITHHOLD), Verb.SNOOZE) == Refusal(RefusalReason.WITHHELD)


# --- Hand over -----------------------------------------------------------------------------------------------------


def test_a_hand_over_tells_the_other_and_begins_the_steps_delay_anew() -> None:
    change = do(taken(), Verb.HAND_OVER, at=9, to="ben")
    assert isinstance(change, Change)
    after = change.incident
    assert (after.state, after.owner, after.round, after.step, after.acknowledgements) == (TRIGGERED, "ben", 2, 0, ())
    assert (after.due_kind, after.due_at, after.waiting_since) == (DueKind.STEP, minute(14), minute(9))
    assert told(change) == ["person:ben"]
    assert [notice.occasion for notice in change.notices] == [Occasion.HAND_OVER]


def test_a_reminder_in_between_costs_the_path_no_repeat() -> None:
    incident = replace(taken(), step=2, send_number=1)
    after = done(incident, Verb.HAND_OVER, at=9, to="ben")
    assert (after.send_number, after.due_at) == (1, minute(19))


def test_a_hand_over_at_the_end_of_the_path_waits_for_its_restart() -> None:
    after = done(replace(taken(), step=2, send_number=4), Verb.HAND_OVER, at=9, to="ben")
    assert (after.due_kind, after.due_at) == (DueKind.RESTART, minute(39))


@pytest.mark.parametrize(
    "to", [pytest.param(None, id="nobody"), pytest.param("zoe", id="somebody who is not in people")]
)
def test_a_hand_over_needs_somebody_who_is_there(to: str | None) -> None:
    assert do(taken(), Verb.HAND_OVER, to=to) == Refusal(NOT_NOW)


def test_a_hand_over_needs_somebody_who_may_answer() -> None:
    csam = replace(opening(an_observation(label="CSAM")).incident, state=ACKNOWLEDGED, owner="ana")
    assert do(csam, Verb.HAND_OVER, to="eli") == Refusal(NOT_NOW)
    assert done(csam, Verb.HAND_OVER, to="dana").owner == "dana"


# --- Escalate now --------------------------------------------------------------------------------------------------

SENIORS, LEADS = ["person:dana", "person:chen", "ts-pager"], ["ts-leads", "person:dana"]
TOP = ["critical-alerts", "person:chen", "person:ben"]


@pytest.mark.parametrize("state", [TRIGGERED, ACKNOWLEDGED, SNOOZED])
@pytest.mark.parametrize(
    ("step", "sending", "expected", "reached"),
    [
        pytest.param(-1, 0, TOP, (0, 1), id="before the first step: the first"),
        pytest.param(0, 1, SENIORS, (1, 1), id="at the first: the second"),
        pytest.param(1, 1, LEADS, (2, 1), id="at the second: the third"),
        pytest.param(2, 1, TOP, (0, 1), id="at the last: from the top, its repeats left out"),
        pytest.param(2, 4, TOP, (0, 1), id="at the end: from the top"),
    ],
)
def test_escalate_now_at_every_position(
    state: State, step: int, sending: int, expected: list[str], reached: tuple[int, int]
) -> None:
    incident = replace(IN[state], step=step, send_number=sending, restarts=3)
    change = do(incident, Verb.ESCALATE_NOW, at=3)
    assert isinstance(change, Change)
    after = change.incident
    assert told(change) == expected
    assert (after.state, after.step, after.send_number, after.restarts) == (TRIGGERED, *reached, 0)
    assert after.round == incident.round + (state is not TRIGGERED or step == 2)


def test_escalate_now_leaves_out_the_repeats_of_a_step() -> None:
    paths = {
        **EXAMPLE_POLICY.paths,
        "urgent": (a_step("critical-alerts", after=1, repeat=5), a_step("ts-leads", after=2)),
    }
    policy = a_policy(paths=paths)
    assert told(do(an_incident(policy, step=0, send_number=2), Verb.ESCALATE_NOW, policy=policy)) == ["ts-leads"]


def test_what_is_only_logged_begins_on_the_default_path_when_somebody_escalates_it() -> None:
    change = do(logged(), Verb.ESCALATE_NOW)
    assert isinstance(change, Change)
    assert (change.incident.state, change.incident.path, told(change)) == (TRIGGERED, "triage", ["critical-alerts"])


# --- Still on it ---------------------------------------------------------------------------------------------------


def test_still_on_it_starts_the_second_clock_anew_four_times_in_a_row() -> None:
    incident = taken()
    for count in range(4):
        incident = done(incident, Verb.STILL_ON_IT, at=10 + count)
        assert (incident.extensions, incident.due_at) == (count + 1, minute(10 + count + 10))
    assert do(incident, Verb.STILL_ON_IT, at=20) == Refusal(RefusalReason.TOO_OFTEN)


def test_a_new_acknowledgement_may_say_it_four_times_again() -> None:
    released = done(replace(taken(), extensions=4), Verb.RELEASE)
    assert done(released, Verb.ACKNOWLEDGE).extensions == 0


# --- Reveal and reopen ---------------------------------------------------------------------------------------------


def test_a_reveal_is_a_record_and_nothing_else() -> None:
    incident = taken()
    change = do(incident, Verb.REVEAL)
    assert isinstance(change, Change)
    assert (change.incident, recorded(change), told(change)) == (incident, ["revealed"], [])


def test_a_senior_may_reopen_and_a_moderator_may_not() -> None:
    assert do(IN[RESOLVED], Verb.REOPEN, "ana") == Refusal(RefusalReason.ROLE)
    change = do(IN[RESOLVED], Verb.REOPEN, "dana", at=30)
    assert isinstance(change, Change)
    after = change.incident
    assert (after.state, after.round, after.outcome, after.closed_at, after.closed_by) == (
        TRIGGERED,
        2,
        None,
        None,
        None,
    )
    assert (after.waiting_since, after.due_at, told(change)) == (minute(30), minute(35), TOP)


def test_what_its_route_only_logs_rings_when_somebody_reopens_it() -> None:
    after = done(done(logged(), Verb.RESOLVE), Verb.REOPEN, "dana")
    assert (after.state, after.path, after.route) == (TRIGGERED, "triage", "Lesser things")


# --- Notes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in State if state is not MERGED])
def test_a_note_is_recorded_by_its_id_alone_and_changes_nothing(state: State) -> None:
    change = do(IN[state], Verb.NOTE, "ana", seen=(0, 0), note="text-7")
    assert isinstance(change, Change)
    assert change.incident == IN[state]
    [entry] = change.entries
    assert (entry.action, entry.actor.key, entry.reason, entry.after) == (
        "incident.noted",
        "ana",
        "",
        {"reason_id": "text-7"},
    )
