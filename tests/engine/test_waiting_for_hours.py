"""A step with hours fires when they are open, and the next counts from when it really fired (RULES 2)."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import open_incident
from escalator.engine.deadlines import fire_deadline, skip_failed_step
from escalator.engine.incident_change import Change
from escalator.model.incident import DueKind, Incident, State, Verb
from escalator.model.policy import Policy, Step
from escalator.model.schedule import Hours
from tests.builders import a_blank, a_policy, a_route, an_observation, recorded, rules, told

CHICAGO, LORD_HOWE, MADRID = (ZoneInfo(name) for name in ("America/Chicago", "Australia/Lord_Howe", "Europe/Madrid"))
WORKDAYS, EVERY_DAY = frozenset(range(5)), frozenset(range(7))


def hours(start: str, end: str, zone: ZoneInfo, days: frozenset[int] = WORKDAYS, holidays: str | None = None) -> Hours:
    return Hours("office", time.fromisoformat(start), time.fromisoformat(end), days, zone, holidays)


def policy_with(office: Hours, *steps: Step) -> Policy:
    return a_policy(hours={"office": office}, paths={"path": steps, "log-only": ()}, routes=(a_route("path"),))


def opened(policy: Policy, at: datetime) -> Change:
    return open_incident(replace(a_blank(), opened_at=at), an_observation(), rules(policy), at)


def local(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("office", "at", "fires"),
    [
        pytest.param(hours("09:00", "18:00", MADRID), "2026-08-20T08:59", "2026-08-20T09:00", id="before they open"),
        pytest.param(
            hours("09:00", "18:00", MADRID), "2026-08-20T18:00", "2026-08-21T09:00", id="the end is exclusive"
        ),
        pytest.param(hours("09:00", "18:00", MADRID), "2026-08-21T18:30", "2026-08-24T09:00", id="over the weekend"),
        pytest.param(
            hours("09:00", "18:00", MADRID, holidays="ES"), "2026-12-24T19:00", "2026-12-28T09:00", id="over Christmas"
        ),
        pytest.param(
            hours("09:00", "18:00", CHICAGO, EVERY_DAY), "2026-03-07T20:00", "2026-03-08T09:00", id="spring, Chicago"
        ),
        pytest.param(
            hours("09:00", "18:00", CHICAGO, EVERY_DAY), "2026-10-31T20:00", "2026-11-01T09:00", id="autumn, Chicago"
        ),
        pytest.param(
            hours("09:00", "18:00", LORD_HOWE, EVERY_DAY),
            "2026-10-03T20:00",
            "2026-10-04T09:00",
            id="spring, Lord Howe",
        ),
        pytest.param(
            hours("09:00", "18:00", LORD_HOWE, EVERY_DAY),
            "2026-04-04T20:00",
            "2026-04-05T09:00",
            id="autumn, Lord Howe",
        ),
        pytest.param(
            hours("02:30", "06:00", MADRID, EVERY_DAY),
            "2026-03-28T23:00",
            "2026-03-29T03:00",
            id="a time that is skipped",
        ),
        pytest.param(
            hours("22:00", "06:00", MADRID, frozenset({4})), "2026-08-22T03:00", "2026-08-22T03:00", id="Friday's night"
        ),
    ],
)
def test_the_first_step_waits_for_its_hours(office: Hours, at: str, fires: str) -> None:
    began, expected = local(at, office.timezone), local(fires, office.timezone).astimezone(UTC)
    change = opened(policy_with(office, Step(("critical-alerts",), during="office")), began)
    incident = change.incident
    if expected == began:
        assert told(change) == ["critical-alerts"]
        return
    assert (told(change), incident.state, incident.due_kind, incident.due_at) == (
        [],
        State.TRIGGERED,
        DueKind.STEP,
        expected,
    )


def test_the_next_step_counts_from_when_the_one_before_really_fired() -> None:
    office = hours("09:00", "18:00", MADRID)
    policy = policy_with(
        office, Step(("critical-alerts",), during="office"), Step(("ts-leads",), timedelta(minutes=15))
    )
    waiting = opened(policy, local("2026-08-21T23:00", MADRID)).incident
    late = waiting.due_at + timedelta(minutes=7)
    change = fire_deadline(waiting, rules(policy), late)
    assert told(change) == ["critical-alerts"]
    assert change.incident.due_at == late + timedelta(minutes=15)


def test_outside_waits_until_they_close() -> None:
    policy = policy_with(hours("09:00", "18:00", MADRID), Step(("ts-pager",), outside="office"))
    waiting = opened(policy, local("2026-08-20T11:00", MADRID)).incident
    assert waiting.due_at == local("2026-08-20T18:00", MADRID)
    weekend = local("2026-08-22T11:00", MADRID)
    assert told(opened(policy, weekend)) == ["ts-pager"]


def test_during_and_outside_must_both_hold() -> None:
    lunch = replace(hours("13:00", "14:00", MADRID), key="lunch")
    policy = policy_with(hours("09:00", "18:00", MADRID), Step(("critical-alerts",), during="office", outside="lunch"))
    policy = replace(policy, hours={**policy.hours, "lunch": lunch})
    assert opened(policy, local("2026-08-20T13:10", MADRID)).incident.due_at == local("2026-08-20T14:00", MADRID)
    assert opened(policy, local("2026-08-20T19:00", MADRID)).incident.due_at == local("2026-08-21T09:00", MADRID)


def test_hours_that_never_come_hold_nobody_up() -> None:
    always = hours("00:00", "12:00", MADRID, EVERY_DAY)
    policy = policy_with(always, Step(("critical-alerts",), during="office", outside="office"))
    assert told(opened(policy, local("2026-08-20T13:00", MADRID))) == ["critical-alerts"]


def evening(*more: Step) -> tuple[Policy, Incident]:
    """An incident of eight in the evening: its second step waits for the morning."""
    policy = policy_with(
        hours("09:00", "18:00", MADRID),
        Step(("critical-alerts",)),
        Step(("ts-leads",), timedelta(minutes=5), during="office"),
        *more,
    )
    return policy, opened(policy, local("2026-08-20T20:00", MADRID)).incident


def test_a_step_that_follows_a_failed_one_at_once_waits_for_its_hours_too() -> None:
    policy, incident = evening()
    change = skip_failed_step(incident, rules(policy), incident.opened_at + timedelta(minutes=1))
    assert change.incident.due_at == local("2026-08-21T09:00", MADRID)


def test_a_person_who_escalates_now_waits_for_no_hours() -> None:
    policy, incident = evening()
    act = ActionRequest(Verb.ESCALATE_NOW, policy.people["dana"], "slack")
    change = apply_action(act, incident, rules(policy), incident.opened_at + timedelta(minutes=1))
    assert isinstance(change, Change)
    assert told(change) == ["ts-leads"]


def test_repeats_wait_as_well() -> None:
    policy = policy_with(
        hours("09:00", "18:00", MADRID), Step(("ts-leads",), timedelta(minutes=20), repeat=2, during="office")
    )
    at = local("2026-08-20T17:20", MADRID)
    first = fire_deadline(opened(policy, at).incident, rules(policy), at + timedelta(minutes=20))
    assert told(first) == ["ts-leads"]
    assert first.incident.due_at == local("2026-08-21T09:00", MADRID)


def test_hours_are_frozen_with_the_path() -> None:
    policy, incident = evening()
    running = replace(policy, hours={"office": hours("06:00", "07:00", MADRID)})
    change = fire_deadline(incident, rules(policy, running), incident.due_at)
    assert told(change) == ["ts-leads"]
    assert recorded(change) == ["fired"]
