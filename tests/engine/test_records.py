"""What the audit log says of each decision: the reason and the details, from which the timeline is written."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import add_event, merge_incidents
from escalator.engine.deadlines import fire_deadline
from escalator.engine.exposure_limits import Exposure, RevealRequest
from escalator.engine.grouping import join_group, open_group
from escalator.engine.incident_change import Change
from escalator.model.audit import AuditAction
from escalator.model.incident import DueKind, Incident, Verb
from escalator.model.policy import Conditions, ExposureLimit, Team
from escalator.model.schedule import Schedule
from tests.builders import (
    EXAMPLE_POLICY,
    a_blank,
    a_policy,
    a_route,
    a_step,
    an_incident,
    an_observation,
    minute,
    opening,
    rules,
)


def act(verb: Verb, incident: Incident, by: str = "dana", **more) -> Change:
    change = apply_action(ActionRequest(verb, EXAMPLE_POLICY.people[by], "slack", **more), incident, rules(), minute(2))
    assert isinstance(change, Change), change
    return change


def due(incident: Incident) -> Change:
    assert incident.due_at is not None
    return fire_deadline(incident, rules(), incident.due_at)


def hear(incident: Incident, **seen) -> Change:
    return add_event(incident, an_observation(5, **seen), rules(), minute(5))


TRIGGERED = an_incident()
TAKEN = act(Verb.ACKNOWLEDGE, TRIGGERED, "ana").incident
CLOSED = act(Verb.RESOLVE, TAKEN, "ana").incident
HATEFUL = opening(an_observation(label="HATE")).incident
SNOOZED = act(Verb.SNOOZE, TRIGGERED).incident
AT_THE_END = replace(TRIGGERED, due_kind=DueKind.RESTART)
OVERDUE = replace(TAKEN, due_kind=DueKind.RESOLVE_WITHIN)


def a_storm() -> Change:
    return open_group(replace(a_blank(900), id=UUID(int=900)), TRIGGERED, 3, rules(), minute(0))


@pytest.mark.parametrize(
    ("decide", "reason"),
    [
        pytest.param(lambda: opening(an_observation()), "opened", id="an event opens it"),
        pytest.param(lambda: hear(HATEFUL, label="SUICIDE"), "facts", id="it gets worse"),
        pytest.param(lambda: hear(CLOSED, label="CSAM"), "flagged_again", id="it is flagged again after it was closed"),
        pytest.param(lambda: act(Verb.RELEASE, TAKEN), "release", id="a release"),
        pytest.param(lambda: act(Verb.HAND_OVER, TAKEN, to="ben"), "hand_over", id="a hand over"),
        pytest.param(
            lambda: act(Verb.ESCALATE_NOW, TAKEN), "escalate_now", id="the next step of what somebody holds, now"
        ),
        pytest.param(
            lambda: act(Verb.ESCALATE_NOW, replace(TRIGGERED, step=2)), "escalate_now", id="from the last step on"
        ),
        pytest.param(lambda: act(Verb.REOPEN, CLOSED), "reopen", id="a senior reopens it"),
        pytest.param(a_storm, "storm", id="a group is opened"),
        pytest.param(lambda: due(SNOOZED), "snooze_end", id="its snooze ends"),
        pytest.param(lambda: due(OVERDUE), "resolve_within", id="its owner's time runs out"),
        pytest.param(lambda: due(AT_THE_END), "unanswered", id="its path ended without an answer"),
    ],
)
def test_every_round_says_why_it_was_started(decide: Callable[[], Change], reason: str) -> None:
    assert [entry.reason for entry in decide().entries if entry.action is AuditAction.ROUND_STARTED] == [reason]


def test_a_round_records_where_it_goes() -> None:
    (entry,) = (entry for entry in due(SNOOZED).entries if entry.action is AuditAction.ROUND_STARTED)
    assert entry.after == {
        "round": "2",
        "route": "Urgent harms, office hours",
        "path": "urgent",
        "category": "self_harm",
        "severity": "critical",
    }


def test_a_round_that_no_route_decides_goes_to_the_default() -> None:
    change = opening(an_observation(), a_policy(routes=()))
    (entry,) = (entry for entry in change.entries if entry.action is AuditAction.ROUND_STARTED)
    assert (entry.after["route"], entry.after["category"]) == ("default", "")


def a_merge(which: int) -> Change:
    younger = replace(an_incident(), id=UUID(int=2), number=2)
    return merge_incidents(TRIGGERED, younger, rules(), minute(5))[which]


def a_merge_into_a_closed_one() -> Change:
    younger = replace(an_incident(), id=UUID(int=2), number=2)
    return merge_incidents(CLOSED, younger, rules(), minute(5))[0]


def to_the_default() -> Change:
    """It was only logged, by a route that does not take it any more."""
    quiet = replace(a_route("log-only", "Quiet", event="*"), unless=Conditions({"label": ("THREAT",)}))
    policy = a_policy(routes=(quiet,), default="urgent")
    logged = opening(an_observation(), policy).incident
    return add_event(logged, an_observation(5, label="THREAT"), rules(policy), minute(5))


def leave_the_group() -> Change:
    member = join_group(opening(an_observation()), a_storm().incident, rules(), minute(0)).incident
    return act(Verb.ACKNOWLEDGE, member)


def a_picture(picture: tuple[int, int]) -> Change:
    sources = {name: replace(source, thumbnails=True) for name, source in EXAMPLE_POLICY.sources.items()}
    reading = RevealRequest(Exposure(), picture=picture)
    request = ActionRequest(Verb.REVEAL, EXAMPLE_POLICY.people["ana"], "link", reading=reading)
    change = apply_action(request, TRIGGERED, rules(a_policy(sources=sources)), minute(2))
    assert isinstance(change, Change), change
    return change


def a_reveal(read_today: int, line: tuple[int, int] | None = None, *, is_insisted: bool = False) -> Change:
    request = ActionRequest(
        Verb.REVEAL,
        EXAMPLE_POLICY.people["ana"],
        "slack",
        reading=RevealRequest(Exposure(read_today), line, is_insisted),
    )
    change = apply_action(request, TRIGGERED, rules(a_policy(care=ExposureLimit(2))), minute(2))
    assert isinstance(change, Change), change
    return change


@pytest.mark.parametrize(
    ("decide", "action", "reason", "after"),
    [
        pytest.param(
            lambda: act(Verb.ACKNOWLEDGE, TRIGGERED, "ana"), "acknowledged", "", {"owner": "ana"}, id="who has it"
        ),
        pytest.param(
            lambda: act(Verb.HAND_OVER, TAKEN, to="ben"), "handed_over", "", {"to": "ben"}, id="to whom it goes"
        ),
        pytest.param(
            lambda: act(Verb.TAKE_OVER, TAKEN), "taken_over", "", {"owner": "ana"}, id="from whom it is taken"
        ),
        pytest.param(
            lambda: act(Verb.STILL_ON_IT, TAKEN), "still_on_it", "", {"extensions": "1"}, id="how often they said so"
        ),
        pytest.param(lambda: act(Verb.SNOOZE, TRIGGERED), "snoozed", "", {"minutes": "15"}, id="for how long"),
        pytest.param(
            lambda: act(Verb.FALSE_ALARM, TRIGGERED),
            "resolved",
            "",
            {"outcome": "no_violation"},
            id="with which outcome",
        ),
        pytest.param(lambda: a_reveal(0), "revealed", "", {}, id="a text is read"),
        pytest.param(
            lambda: a_reveal(0, (2, 3)), "revealed", "", {"line": "2", "of": "3"}, id="a line of a text is read"
        ),
        pytest.param(lambda: a_picture((1, 3)), "revealed", "", {"picture": "1", "of": "3"}, id="a picture is shown"),
        pytest.param(lambda: a_reveal(2, is_insisted=True), "revealed", "over_limit", {}, id="beyond the limit"),
        pytest.param(
            lambda: hear(TRIGGERED, event="user.flagged"), "event_joined", "user.flagged", {}, id="what happened"
        ),
        pytest.param(
            lambda: opening(an_observation(event="user.flagged")), "opened", "user.flagged", {}, id="what opened it"
        ),
        pytest.param(lambda: due(OVERDUE), "overdue", "", {"owner": "ana"}, id="whose time is over"),
        pytest.param(lambda: due(AT_THE_END), "restarted", "", {"restarts": "1"}, id="how often the path has ended"),
        pytest.param(lambda: a_merge(0), "merged", "", {"merged": "2"}, id="which incident was merged into this one"),
        pytest.param(lambda: a_merge(1), "merged", "", {"into": "1"}, id="into which incident this one was merged"),
        pytest.param(lambda: act(Verb.REOPEN, CLOSED), "reopened", "reopen", {}, id="a senior reopens it"),
        pytest.param(lambda: hear(CLOSED, label="CSAM"), "reopened", "flagged_again", {}, id="new flags reopen it"),
        pytest.param(a_merge_into_a_closed_one, "reopened", "merged", {}, id="a merge reopens it"),
        pytest.param(a_storm, "group_opened", "", {"members": "3"}, id="how many a group stands for at first"),
        pytest.param(leave_the_group, "left_group", "", {"group": str(UUID(int=900))}, id="which group it leaves"),
        pytest.param(
            lambda: hear(opening(an_observation(label="HATE")).incident, label="SUICIDE"),
            "moved",
            "",
            {"route": "Urgent harms, office hours"},
            id="to which route it moves",
        ),
        pytest.param(to_the_default, "moved", "", {"route": "default"}, id="to the default, which has no name"),
        pytest.param(
            lambda: hear(opening(an_observation()).incident, text_severity="medium"),
            "changed",
            "",
            {"category": "", "severity": "medium"},
            id="a higher severity without a category",
        ),
        pytest.param(
            lambda: join_group(opening(an_observation()), a_storm().incident, rules(), minute(0)),
            "grouped",
            "",
            {"group": str(UUID(int=900))},
            id="which group stands for it",
        ),
    ],
)
def test_what_a_record_says(decide: Callable[[], Change], action: str, reason: str, after: dict[str, str]) -> None:
    found = [(entry.reason, entry.after) for entry in decide().entries if entry.action.value == f"incident.{action}"]
    assert found == [(reason, after)]


@pytest.mark.parametrize(
    ("decide", "via", "actor_kind", "actor"),
    [
        pytest.param(lambda: hear(TRIGGERED), "stream", "system", "escalator", id="an event comes from Stream"),
        pytest.param(lambda: a_merge(0), "stream", "system", "escalator", id="so does the merge that it makes"),
        pytest.param(lambda: a_merge(1), "stream", "system", "escalator", id="on either side"),
        pytest.param(
            lambda: act(Verb.RELEASE, TAKEN, "ana"), "slack", "person", "ana", id="an action where it was taken"
        ),
        pytest.param(lambda: due(TRIGGERED), "engine", "system", "escalator", id="a deadline from the engine"),
    ],
)
def test_every_record_says_of_which_incident_where_from_and_by_whom(
    decide: Callable[[], Change], via: str, actor_kind: str, actor: str
) -> None:
    change = decide()
    said = {(entry.incident_id, entry.via, entry.actor.kind, entry.actor.key) for entry in change.entries}
    assert said == {(change.incident.id, via, actor_kind, actor)}


@pytest.mark.parametrize(
    ("decide", "fired"),
    [
        pytest.param(lambda: due(TRIGGERED), {"step": "2", "sending": "1", "told": "3"}, id="the next step"),
        pytest.param(
            lambda: due(replace(TRIGGERED, step=2, send_number=2)),
            {"step": "3", "sending": "3", "told": "2"},
            id="a repeat",
        ),
    ],
)
def test_a_send_records_which_step_it_was_and_how_many_it_notified(
    decide: Callable[[], Change], fired: dict[str, str]
) -> None:
    assert [entry.after for entry in decide().entries if entry.action is AuditAction.STEP_FIRED] == [fired]


def test_a_step_that_reached_nobody_is_recorded_by_its_number() -> None:
    policy = a_policy(
        paths={**EXAMPLE_POLICY.paths, "urgent": (a_step("critical-alerts"), a_step("person:zoe", after=5))}
    )
    change = fire_deadline(an_incident(policy), rules(policy), minute(5))
    found = {entry.action.value: entry.after for entry in change.entries}
    assert found["target.missing"] == {"target": "person:zoe"}
    assert found["step.reached_nobody"] == {"step": "2"}


def test_what_nobody_owned_is_released_and_overdue_without_a_name() -> None:
    unowned = replace(TAKEN, owner=None, assign=None, due_kind=DueKind.RESOLVE_WITHIN)
    assert act(Verb.RELEASE, unowned).entries[0].after == {"owner": ""}
    assert due(unowned).entries[0].after == {"owner": ""}
    assert due(replace(unowned, due_kind=DueKind.REMIND)).entries[0].after == {"owner": ""}


def test_a_team_with_nobody_on_call_is_recorded_by_its_name() -> None:
    teams = {**EXAMPLE_POLICY.teams, "night": Team("night", ("ana",), lead="eli", schedule="empty")}
    policy = a_policy(
        teams=teams,
        schedules={**EXAMPLE_POLICY.schedules, "empty": Schedule("empty", ZoneInfo("UTC"))},
        paths={**EXAMPLE_POLICY.paths, "urgent": (a_step("team:night"),)},
    )
    change = opening(an_observation(label="SUICIDE"), policy)
    assert [one.after for one in change.entries if one.action is AuditAction.NOBODY_ON_CALL] == [
        {"target": "team:night"}
    ]
