"""The REST questions: which alerts an incident there stands for, and the reverse."""

import pytest

from escalator.channels.contract import CALL_ENDS_S
from escalator.channels.deadline_socket import Limits
from escalator.channels.pagerduty import rest
from escalator.channels.pagerduty.events import PagerDutyEvents
from escalator.channels.pagerduty.rest import PagerDutyRest
from escalator.model.message import Failed, FailureReason, MessageContext
from tests.channels.pagerduty_event import EVENT
from tests.doubles.http import Fault
from tests.doubles.pagerduty import ENQUEUE, PagerDutyDouble

SHORT = Limits(socket_s=0.5, total_s=0.5)


@pytest.fixture
def pagerduty():
    with PagerDutyDouble() as double:
        yield double


@pytest.fixture
def questions(pagerduty):
    return PagerDutyRest(pagerduty.origin, pagerduty.token)


def opened(pagerduty, *keys):
    events = PagerDutyEvents(pagerduty.origin)
    for key in keys:
        events.send(MessageContext(None, None, "ts-pager"), pagerduty.routing_key, {**EVENT, "dedup_key": key})
    return [pagerduty.alert(key) for key in keys]


def asked(pagerduty):
    return [request for request in pagerduty.requests if request.path != ENQUEUE]


def test_an_incident_is_known_by_its_alerts(pagerduty, questions):
    ours, _ = opened(pagerduty, "escalator-1", "escalator-2")
    assert questions.alert_keys(ours.incident.id) == ("escalator-1",)


def test_an_incident_has_the_alerts_of_what_was_merged_into_it(pagerduty, questions):
    gone, stays = opened(pagerduty, "escalator-1", "escalator-2")
    merged = gone.incident.id
    pagerduty.merge(gone, stays, "PANA01")
    assert questions.alert_keys(stays.incident.id) == ("escalator-2", "escalator-1")
    assert questions.alert_keys(merged) == ()


def test_alerts_are_read_page_by_page_with_an_end(pagerduty, questions):
    alerts = opened(pagerduty, *(f"escalator-{number}" for number in range(rest.PAGE + 1)))
    for one in alerts[1:]:
        pagerduty.merge(one, alerts[0], "PANA01")
    assert len(questions.alert_keys(alerts[0].incident.id)) == rest.PAGE + 1
    assert len(asked(pagerduty)) == 2

    pagerduty.inject(*[Fault(body={"alerts": [{"alert_key": "again"}], "more": True})] * 99)
    assert questions.alert_keys(alerts[0].incident.id) == ("again",)
    assert len(asked(pagerduty)) == 2 + rest.MOST_PAGES
    assert rest.MOST_PAGES * rest.LIMITS.total_s <= CALL_ENDS_S


def test_an_alert_is_found_in_the_newest_incident_that_has_it(pagerduty, questions):
    (first,) = opened(pagerduty, "escalator-1")
    assert questions.find("escalator-1") == first.incident.id
    pagerduty.resolve(first, "PANA01")
    (again,) = opened(pagerduty, "escalator-1")
    assert again.incident.id != first.incident.id
    assert questions.find("escalator-1") == again.incident.id


def test_what_was_never_opened_is_found_nowhere(questions):
    assert questions.find("escalator-1") is None


def test_the_token_is_checked_by_a_question_that_disturbs_nobody(pagerduty, questions):
    assert questions.check() == "reads incidents"
    assert [request.method for request in pagerduty.requests] == ["GET"]


def test_without_a_token_nothing_is_asked(pagerduty):
    questions = PagerDutyRest(pagerduty.origin, " ")
    nothing = Failed(FailureReason.NOT_CONFIGURED, "no_token")
    assert not questions.is_configured
    assert [questions.check(), questions.find("x"), questions.alert_keys("Q1")] == [nothing] * 3
    assert pagerduty.requests == []


@pytest.mark.parametrize("incident_id", ["", "../users", "Q1/alerts?x=", "Q" * 65, "Ü1", "Q1\n"])
def test_an_incident_id_that_is_none_is_not_asked_for(pagerduty, questions, incident_id):
    assert questions.alert_keys(incident_id) == Failed(FailureReason.BAD_TARGET, "incident_id")
    assert pagerduty.requests == []


@pytest.mark.parametrize(
    ("fault", "reason", "detail"),
    [
        pytest.param(Fault(status=401, body="{}"), FailureReason.BAD_CREDENTIALS, "http_401", id="a wrong token"),
        pytest.param(Fault(status=402, body="{}"), FailureReason.NOT_SUPPORTED, "http_402", id="not in the plan"),
        pytest.param(Fault(status=403, body="{}"), FailureReason.BAD_CREDENTIALS, "http_403", id="may not read"),
        pytest.param(Fault(status=404, body="{}"), FailureReason.BAD_TARGET, "http_404", id="not there"),
        pytest.param(Fault(status=500, html=True), FailureReason.VENDOR_ERROR, "http_500", id="500"),
        pytest.param(Fault(status=301, location="/x"), FailureReason.BAD_TARGET, "http_301", id="a redirect"),
        pytest.param(Fault(html=True), FailureReason.BAD_ANSWER, "not_json", id="HTML"),
        pytest.param(Fault(body="[]"), FailureReason.BAD_ANSWER, "not_an_object", id="a list"),
        pytest.param(Fault(body="[" * 90_000), FailureReason.BAD_ANSWER, "not_json", id="deeply nested"),
        pytest.param(Fault(oversized=400_000), FailureReason.BAD_ANSWER, "too_large", id="400 kB"),
        pytest.param(Fault(drop=True), FailureReason.UNREACHABLE, "", id="dropped"),
        pytest.param(Fault(delay=30), FailureReason.TIMEOUT, "", id="silence"),
        pytest.param(Fault(drip=True), FailureReason.TIMEOUT, "", id="dripping"),
    ],
)
def test_a_question_that_fails_has_its_reason_and_is_asked_once(pagerduty, fault, reason, detail):
    questions = PagerDutyRest(pagerduty.origin, pagerduty.token, SHORT)
    for ask in (questions.check, lambda: questions.find("escalator-1"), lambda: questions.alert_keys("Q1")):
        pagerduty.requests.clear()
        pagerduty.inject(fault)
        assert ask() == Failed(reason, detail)
        assert len(pagerduty.requests) == 1


def test_pagerduty_says_how_long_to_wait(pagerduty, questions):
    pagerduty.inject(Fault(status=429, headers={"ratelimit-reset": "7"}))
    assert questions.find("x").retry_after.total_seconds() == 7


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"alerts": None, "incidents": 5},
        {"alerts": ["x", None, {}, {"alert_key": 5}], "incidents": ["x", {"id": 5}, {"id": "../x"}]},
    ],
)
def test_an_answer_of_another_form_knows_nothing(pagerduty, questions, body):
    pagerduty.inject(Fault(body=body), Fault(body=body))
    assert (questions.alert_keys("Q1"), questions.find("x")) == ((), None)


def test_a_token_that_is_no_header_fails_as_a_value(pagerduty):
    for token in ("a\nb", "schlüssel✓"):
        assert isinstance(PagerDutyRest(pagerduty.origin, token).check(), Failed)
