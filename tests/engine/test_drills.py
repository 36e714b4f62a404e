"""Drills: what stands in for a real alert, and who has passed one."""

from dataclasses import replace

import pytest

from escalator.engine.apply_event import open_incident, opens_incident
from escalator.engine.deadlines import fire_deadline
from escalator.engine.drills import (
    DrillAcknowledgement,
    RecordedAction,
    drill_acknowledgement,
    end_drill,
    rehearsed_category_and_severity,
)
from escalator.model.audit import AuditAction
from escalator.model.incident import DueKind, Outcome, State
from escalator.model.levels import Severity
from escalator.stream.drill import DrillRehearsal, body_of
from escalator.stream.read_event import observe
from tests.builders import EXAMPLE_POLICY, a_blank, a_policy, a_route, minute, rules, told


def rehearsed(route: str, category: str = "", severity: str = ""):
    said = observe(body_of(DrillRehearsal("1", "Weekly", route, category, severity)), minute(0))
    assert said is not None
    return said


@pytest.mark.parametrize(
    ("when", "stands_in"),
    [
        pytest.param(
            {"category": ["csam", "threat"]}, ("csam", Severity.CRITICAL), id="the first category, at its floor"
        ),
        pytest.param({"min_severity": "high"}, ("", Severity.HIGH), id="the least severity that it takes"),
        pytest.param({"severity": ["medium", "low"]}, ("", Severity.LOW), id="the least of several"),
        pytest.param({"category": "hate", "min_severity": "high"}, ("hate", Severity.HIGH), id="whichever is more"),
        pytest.param(
            {"event": "moderation.analysis.failed"}, ("", Severity.UNKNOWN), id="nothing, where it names neither"
        ),
        pytest.param({"category": "gone"}, ("", Severity.UNKNOWN), id="no category that the policy does not have"),
    ],
)
def test_a_drill_stands_in_for(when, stands_in):
    assert rehearsed_category_and_severity(a_route("urgent", **when), EXAMPLE_POLICY) == stands_in


def test_a_drill_takes_its_route_whatever_the_conditions_say():
    said = rehearsed("Lesser things", severity="critical")
    assert opens_incident(said, EXAMPLE_POLICY)
    policy = a_policy(routes=(a_route("urgent", "Never", event="nothing", source="nowhere"), *EXAMPLE_POLICY.routes))
    change = open_incident(a_blank(), rehearsed("Never", severity="high"), rules(policy), minute(0))
    assert (change.incident.drill, change.incident.route, change.incident.path) == ("Weekly", "Never", "urgent")
    assert (change.incident.severity, change.incident.severity_reason) == (Severity.HIGH, "the drill rehearses high")
    assert told(change)


def test_a_drill_asks_whom_and_as_many_as_its_route_does() -> None:
    one = open_incident(a_blank(), rehearsed("Child safety", "csam"), rules(), minute(0)).incident
    assert (one.assign, one.acks_needed) == ("child-safety", 2)


def test_a_drill_goes_on_as_it_began_when_its_route_is_gone() -> None:
    opened = open_incident(a_blank(), rehearsed("Child safety", "csam"), rules(), minute(0)).incident
    without = a_policy(routes=tuple(one for one in EXAMPLE_POLICY.routes if one.name != "Child safety"))
    again = fire_deadline(replace(opened, due_kind=DueKind.RESTART), rules(EXAMPLE_POLICY, without), minute(9)).incident
    same = ("route", "path", "assign", "acks_needed")
    assert (again.round, [getattr(again, name) for name in same]) == (2, [getattr(opened, name) for name in same])


def test_a_drill_of_a_route_that_is_gone_opens_nothing():
    assert not opens_incident(rehearsed("Gone"), EXAMPLE_POLICY)


def test_the_end_of_a_drill_stops_both_clocks():
    opened = open_incident(a_blank(), rehearsed("Child safety", "csam"), rules(), minute(0)).incident
    assert opened.due_kind is DueKind.STEP
    change = end_drill(opened, rules(), minute(10))
    assert (change.incident.state, change.incident.outcome, change.suppress) == (
        State.RESOLVED,
        Outcome.TEST,
        "resolved",
    )
    assert (change.incident.due_kind, change.incident.closed_by, change.notices) == (None, None, ())
    assert end_drill(change.incident, rules(), minute(11)).incident == change.incident


def done(*acts: tuple[float, AuditAction, str]) -> list[RecordedAction]:
    return [RecordedAction(minute(at), action, actor) for at, action, actor in acts]


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        pytest.param([(1, AuditAction.ACKNOWLEDGED, "ana")], (1, ("ana",)), id="who acknowledges"),
        pytest.param([(1, AuditAction.SNOOZED, "ana")], (1, ("ana",)), id="who snoozes, which is an answer too"),
        pytest.param([(10, AuditAction.ACKNOWLEDGED, "ana")], (10, ("ana",)), id="at the very last instant"),
        pytest.param([(10.1, AuditAction.ACKNOWLEDGED, "ana")], None, id="nobody who is late"),
        pytest.param([(1, AuditAction.ANSWERED, "ana")], None, id="nobody alone where two are needed"),
        pytest.param(
            [(1, AuditAction.ANSWERED, "ana"), (2, AuditAction.ACKNOWLEDGED, "ben")],
            (2, ("ana", "ben")),
            id="both together",
        ),
        pytest.param(
            [
                (1, AuditAction.ANSWERED, "ana"),
                (2, AuditAction.ROUND_STARTED, "escalator"),
                (3, AuditAction.ACKNOWLEDGED, "ben"),
            ],
            (3, ("ben",)),
            id="nobody of an earlier round",
        ),
        pytest.param(
            [(1, AuditAction.ACKNOWLEDGED, "ana"), (2, AuditAction.RELEASED, "ana")],
            (1, ("ana",)),
            id="who has released it since",
        ),
    ],
)
def test_a_drill_is_answered_by(acts, expected):
    found = drill_acknowledgement(done(*acts), minute(10))
    assert found == (expected and DrillAcknowledgement(minute(expected[0]), expected[1]))
