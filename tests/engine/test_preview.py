"""What would happen to an event if nobody ever answered (`explain`), by the example policy."""

from datetime import timedelta

import pytest

from escalator.engine.deadlines import fire_deadline
from escalator.engine.preview import PlanRemark, preview, remaining_plan
from escalator.model.audit import AuditAction
from escalator.model.facts import Observation
from escalator.model.silence import Silence, SilenceScope
from tests.builders import EXAMPLE_POLICY, a_policy, a_route, a_step, an_observation, minute, rules
from tests.stream.bodies import stored_seen

SELF_HARM = stored_seen("review_queue_item.new__text_self_harm_critical")
USER_REPORT = stored_seen("review_queue_item.new__user_report")
CSAM = an_observation(label="CSAM")
TEAM, SENIORS = ["person:chen", "person:ben"], ["person:dana", "person:chen"]
LEADS = ["ts-leads", "person:dana"]


def seconds(moments) -> list[int]:
    return [int((at - minute(0)).total_seconds()) for at in moments]


@pytest.mark.parametrize(
    ("event", "route", "offsets", "restart"),
    [
        pytest.param(CSAM, "Child safety", [0, 300, 900, 1500, 2100, 2700], 4500, id="child safety"),
        pytest.param(SELF_HARM, "Urgent harms, office hours", [0, 300, 900, 1500, 2100, 2700], 4500, id="self-harm"),
        pytest.param(
            an_observation(text_severity="high"),
            "Still visible",
            [0, 300, 900, 1500, 2100, 2700],
            4500,
            id="still visible",
        ),
        pytest.param(
            an_observation(text_severity="high", latest="remove"),
            "High and critical",
            [0, 900, 2700],
            4500,
            id="removed already",
        ),
        pytest.param(an_observation(), None, [0], 1800, id="unknown: the default"),
    ],
)
def test_when_each_step_fires(event: Observation, route: str | None, offsets: list[int], restart: int) -> None:
    found = preview(event, "chat-prod", EXAMPLE_POLICY, minute(0))
    assert found.incident is not None
    assert found.incident.route == route
    assert seconds(planned.at for planned in found.plan) == offsets
    assert found.restart_at == minute(0) + timedelta(seconds=restart)


def test_who_is_told_at_each() -> None:
    plan = preview(SELF_HARM, "chat-prod", EXAMPLE_POLICY, minute(0)).plan
    told = [(step.step, step.repeat, [notice.recipient.destination for notice in step.notices]) for step in plan]
    assert told == [
        (1, 0, ["critical-alerts", *TEAM]),
        (2, 0, [*SENIORS, "ts-pager"]),
        *((3, repeat, LEADS) for repeat in range(4)),
    ]


def test_a_users_report_of_nothing_grave_is_only_logged() -> None:
    found = preview(USER_REPORT, "chat-prod", EXAMPLE_POLICY, minute(0))
    assert found.incident is not None
    assert (found.incident.route, found.incident.severity, found.plan, found.restart_at) == (
        "Lesser things",
        "low",
        (),
        None,
    )


@pytest.mark.parametrize(
    ("event", "feeds"),
    [
        pytest.param(SELF_HARM, ("bi-feed",), id="at least medium"),
        pytest.param(USER_REPORT, (), id="low"),
    ],
)
def test_which_feeds_have_a_copy(event: Observation, feeds: tuple[str, ...]) -> None:
    assert preview(event, "chat-prod", EXAMPLE_POLICY, minute(0)).feeds == feeds


def test_an_event_that_opens_nothing_has_no_plan() -> None:
    found = preview(an_observation(opens=False), "chat-prod", EXAMPLE_POLICY, minute(0))
    assert (found.incident, found.plan, found.restart_at, found.feeds) == (None, (), None, ())


def test_a_step_that_means_nobody_is_left_out_and_the_next_comes_at_once() -> None:
    policy = a_policy(
        routes=(a_route("only"),), paths={"only": (a_step("person:zoe"), a_step("critical-alerts", after=5))}
    )
    plan = preview(an_observation(), "chat-prod", policy, minute(0)).plan
    assert [(step.at, step.step) for step in plan] == [(minute(0), 2)]


def test_why_a_step_goes_to_others_than_it_names_is_remarked_with_its_step_and_target() -> None:
    names = ("zoe", "yan", "xan")
    path = tuple(a_step(f"person:{name}", "critical-alerts", after=5 * rank) for rank, name in enumerate(names))
    policy = a_policy(routes=(a_route("only"),), paths={"only": path})
    found = preview(an_observation(), "chat-prod", policy, minute(0))
    missing = AuditAction.TARGET_MISSING
    assert found.remarks == (
        PlanRemark(minute(0), 1, missing, "person:zoe"),
        PlanRemark(minute(5), 2, missing, "person:yan"),
        PlanRemark(minute(15), 3, missing, "person:xan"),
    )


def test_a_step_that_reached_nobody_is_remarked_without_a_target() -> None:
    path = (a_step("person:zoe"), a_step("critical-alerts", after=5))
    found = preview(an_observation(), "chat-prod", a_policy(routes=(a_route("only"),), paths={"only": path}), minute(0))
    assert [(one.step, one.target) for one in found.remarks if one.action is AuditAction.STEP_REACHED_NOBODY] == [
        (1, "")
    ]


def test_a_silenced_step_is_planned_for_nobody_until_the_silence_ends() -> None:
    policy = a_policy(routes=(a_route("only", "only"),), paths={"only": (a_step("critical-alerts", after=5),)})
    silence = Silence(SilenceScope.ROUTE, "only", minute(0), minute(12), "dana", "Maintenance")
    plan = preview(an_observation(), "chat-prod", policy, minute(0), silences=(silence,)).plan
    found = [(one.at, one.step, one.repeat, len(one.notices), one.silenced_until) for one in plan]
    assert found == [(minute(5), 1, 0, 0, minute(12)), (minute(12), 1, 0, 1, None)]


def test_a_path_without_end_is_cut_off() -> None:
    policy = a_policy(routes=(a_route("only"),), paths={"only": (a_step("critical-alerts", after=1, repeat=10_000),)})
    found = preview(an_observation(), "chat-prod", policy, minute(0))
    assert (len(found.plan), found.restart_at) == (500, None)


@pytest.mark.parametrize("answered_until", [0, 5, 15, 25])
def test_how_it_goes_on_from_the_middle_is_the_rest_of_what_was_foretold(answered_until: int) -> None:
    whole = preview(SELF_HARM, "chat-prod", EXAMPLE_POLICY, minute(0))
    incident, decided_by = whole.incident, rules()
    while incident.due_at <= minute(answered_until):
        incident = fire_deadline(incident, decided_by, incident.due_at).incident
    rest = remaining_plan(incident, decided_by, minute(answered_until), most=50)
    assert [one.at for one in rest.plan] == [one.at for one in whole.plan if one.at > minute(answered_until)]
    assert rest.restart_at == whole.restart_at


def test_what_is_late_comes_now_and_no_more_is_foretold_than_asked_for() -> None:
    incident = preview(SELF_HARM, "chat-prod", EXAMPLE_POLICY, minute(0)).incident
    rest = remaining_plan(incident, rules(), minute(7), most=2)
    assert [one.at for one in rest.plan] == [minute(7), minute(17)]
