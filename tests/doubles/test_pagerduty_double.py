"""The double refuses what PagerDuty refuses, and treats keys as PagerDuty does."""

import http.client
import json

import pytest

from tests.doubles.pagerduty import ENQUEUE, ROUTING_KEY, TOKEN, PagerDutyDouble

GOOD = {
    "routing_key": ROUTING_KEY,
    "event_action": "trigger",
    "dedup_key": "k",
    "payload": {"summary": "s", "source": "here", "severity": "critical"},
}


@pytest.fixture
def pagerduty():
    with PagerDutyDouble() as double:
        yield double


def ask(double, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(double.origin.removeprefix("http://"), timeout=5)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def send(double, **changes):
    event = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return ask(double, "POST", ENQUEUE, json.dumps(event), {"Content-Type": "application/json"})


def payload(**changes):
    return {"payload": {name: value for name, value in {**GOOD["payload"], **changes}.items() if value is not None}}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"routing_key": None}, "routing_key"),
        ({"routing_key": "short"}, "routing_key"),
        ({"routing_key": "-" * 32}, "routing_key"),
        ({"routing_key": "B" * 32}, "Invalid routing key"),
        ({"event_action": "snooze"}, "event_action"),
        ({"dedup_key": "k" * 256}, "dedup_key"),
        ({"dedup_key": None, "event_action": "resolve"}, "dedup_key"),
        ({"payload": None}, "payload"),
        (payload(summary=None), "payload.summary"),
        (payload(summary="s" * 1025), "payload.summary"),
        (payload(source=""), "payload.source"),
        (payload(severity="fatal"), "payload.severity"),
        (payload(severity="unknown"), "payload.severity"),
        (payload(custom_details=["x"]), "payload.custom_details"),
        (payload(timestamp="yesterday"), "payload.timestamp"),
        (payload(klass="x"), "payload.klass"),
        ({"links": [{"text": "no address"}]}, "links.href"),
        ({"images": [{"src": "http://not-https"}]}, "images.src"),
        ({"client": 5}, "client"),
        ({"surprise": 5}, "surprise"),
    ],
)
def test_an_event_that_pagerduty_would_refuse_is_refused(pagerduty, changes, word):
    status, body = send(pagerduty, **changes)
    assert (status, pagerduty.events) == (400, [])
    assert word in body


def test_an_event_over_the_limit_is_refused(pagerduty):
    assert send(pagerduty, **payload(custom_details={"x": "y" * 600_000}))[0] == 413


def test_an_event_that_is_good_opens_an_alert(pagerduty):
    status, body = send(pagerduty)
    assert (status, json.loads(body)) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "k"},
    )
    assert (pagerduty.alert("k").status, pagerduty.alert("k").summary) == ("triggered", "s")


def test_the_same_key_on_an_open_alert_is_an_update_and_after_the_end_a_new_incident(pagerduty):
    send(pagerduty)
    send(pagerduty, **payload(summary="newer"))
    assert [alert.summary for alert in pagerduty.alerts] == ["newer"]
    send(pagerduty, event_action="resolve")
    send(pagerduty)
    assert [incident.status for incident in pagerduty.incidents] == ["resolved", "triggered"]


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_what_is_about_no_open_alert_is_dropped_without_a_word(pagerduty, action):
    assert send(pagerduty, event_action=action)[0] == 202
    assert (len(pagerduty.dropped), pagerduty.alerts) == (1, [])


def test_a_trigger_takes_no_acknowledgement_back(pagerduty):
    send(pagerduty)
    send(pagerduty, event_action="acknowledge")
    send(pagerduty)
    assert pagerduty.alert("k").status == "acknowledged"


def test_another_services_key_is_another_alert():
    with PagerDutyDouble(routing_keys=("A" * 32, "B" * 32)) as double:
        send(double, routing_key="A" * 32)
        send(double, routing_key="B" * 32, event_action="resolve")
        assert (double.alert("k").status, len(double.dropped)) == ("triggered", 1)


def test_questions_need_the_token_and_the_version(pagerduty):
    accept = {"Accept": "application/vnd.pagerduty+json;version=2"}
    token = {"Authorization": f"Token token={TOKEN}"}
    asked = [ask(pagerduty, "GET", "/incidents", headers=headers)[0] for headers in (accept, token, accept | token)]
    assert asked == [401, 406, 200]
    assert ask(pagerduty, "GET", "/incidents/Q9/alerts", headers=accept | token)[0] == 404
    assert ask(pagerduty, "GET", "/incidents?limit=101", headers=accept | token)[0] == 400
    assert ask(pagerduty, "POST", "/incidents", headers=accept | token)[0] == 403


def test_a_webhook_is_signed_with_every_active_secret(pagerduty):
    pagerduty.secrets = ("new", "old")
    body, headers = pagerduty.ping()
    assert json.loads(body)["event"]["event_type"] == "pagey.ping"
    assert headers["X-PagerDuty-Signature"].count("v1=") == 2
