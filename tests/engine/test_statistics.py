"""The figures of a report, by hand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.statistics import (
    Ratio,
    alert_statistics,
    duration_quantiles,
    opening_hour_in,
    statistics_by_group,
)
from escalator.model.alert_stats import AlertStats
from escalator.model.policy import AcknowledgedRule
from escalator.policy.parse import load
from tests.builders import a_policy
from tests.sandboxes import demo_policy

OPENED = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)


def minutes(count):
    return timedelta(minutes=count)


def an_alert(answered=None, escalated=None, closed=None, waiting=0, **said):
    """An alert with what happened so many minutes after its opening."""
    at = {"waiting_since": waiting, "first_acknowledged_at": answered, "escalated_at": escalated, "closed_at": closed}
    instants = {name: None if after is None else OPENED + minutes(after) for name, after in at.items()}
    said = {"category": "threat", "severity": "high", "assign": "policy", "outcome": None} | said
    return AlertStats(opened_at=OPENED, **instants, **said)


@pytest.fixture(scope="module")
def policy():
    return load(demo_policy(), {})


@pytest.mark.parametrize(
    ("spans", "half", "most"),
    [
        pytest.param([], None, None, id="of nothing"),
        pytest.param([7], 7, 7, id="of one"),
        pytest.param([1, 9], 1, 9, id="of two: the lower one is half"),
        pytest.param(list(range(1, 11)), 5, 9, id="of ten: the fifth and the ninth"),
        pytest.param(list(range(100, 0, -1)), 50, 90, id="in whatever order"),
    ],
)
def test_a_quantile_is_a_value_that_was_there(spans, half, most):
    found = duration_quantiles(minutes(span) for span in spans)
    assert found.p50 == (None if half is None else minutes(half))
    assert found.p90 == (None if most is None else minutes(most))


@pytest.mark.parametrize(
    ("alert", "in_time"),
    [
        pytest.param(an_alert(answered=3), Ratio(1, 1), id="answered, never escalated"),
        pytest.param(an_alert(answered=3, escalated=5), Ratio(1, 1), id="answered, released, escalated later"),
        pytest.param(an_alert(answered=6, escalated=5), Ratio(0, 1), id="answered after it was escalated"),
        pytest.param(an_alert(escalated=5), Ratio(0, 0), id="not answered yet"),
    ],
)
def test_in_time_is_before_it_had_to_be_escalated(alert, in_time, policy):
    assert alert_statistics([alert], policy).answered_in_time == in_time


@pytest.mark.parametrize(
    "alert",
    [
        pytest.param(an_alert(answered=0, closed=0, outcome="reviewed_in_stream"), id="resolved"),
        pytest.param(an_alert(answered=1, closed=1, waiting=1, outcome="reviewed_in_stream"), id="processed late"),
        pytest.param(an_alert(answered=0), id="acknowledged"),
    ],
)
def test_what_stream_had_reviewed_when_it_was_opened_has_no_time_to_acknowledge(alert, policy):
    both = alert_statistics([alert, an_alert(answered=7, escalated=5, closed=9)], policy)
    assert (both.alerts, both.answered.count, both.answered.p50) == (2, 1, minutes(7))
    assert both.answered_in_time == Ratio(0, 1), "nobody was asked, so nobody was in time"
    assert both.resolved.p50 == minutes(2)


def test_what_was_acknowledged_by_a_review_when_opened_is_resolved_by_people(policy):
    assert alert_statistics([an_alert(answered=0, closed=9)], policy).resolved.p50 == minutes(9)


def test_noise_is_of_what_was_resolved(policy):
    alarms = [an_alert(answered=1, closed=2, outcome="no_violation"), an_alert(answered=1, closed=2, outcome="test")]
    found = alert_statistics([*alarms, an_alert()], policy)
    assert (found.noise, found.open, found.alerts) == (Ratio(1, 2), 1, 3)


def test_the_end_is_counted_from_the_first_answer(policy):
    assert alert_statistics([an_alert(answered=10, closed=25)], policy).resolved.p50 == minutes(15)


@pytest.mark.parametrize(
    ("category", "took", "in_time"),
    [
        pytest.param("threat", 60, Ratio(1, 1), id="in the category's own time"),
        pytest.param("threat", 61, Ratio(0, 1), id="not in the category's own time"),
        pytest.param("hate", 30, Ratio(1, 1), id="in the policy's time"),
        pytest.param("hate", 31, Ratio(0, 1), id="not in the policy's time"),
        pytest.param(None, 31, Ratio(0, 1), id="the policy's, without a category"),
    ],
)
def test_what_was_resolved_in_time(category, took, in_time):
    policy = a_policy(acknowledged=AcknowledgedRule(minutes(30)))
    alert = an_alert(answered=1, closed=1 + took, category=category)
    assert alert_statistics([alert], policy).resolved_in_time == in_time


def test_the_hour_is_the_readers(policy):
    [found] = statistics_by_group([an_alert()], [opening_hour_in(ZoneInfo("Europe/Madrid"))], policy)
    assert list(found) == [23]


def test_the_largest_group_comes_first(policy):
    alerts = [an_alert(category="hate"), an_alert(), an_alert()]
    [found] = statistics_by_group(alerts, [lambda one: one.category], policy)
    assert list(found) == ["threat", "hate"]
