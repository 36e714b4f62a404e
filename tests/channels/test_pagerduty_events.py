"""The Events API through pdpyras: sent once, never asleep, every outcome a value (the rest: test_contract.py)."""

import subprocess
import sys
import time

import pytest

from escalator.channels.deadline_socket import Limits
from escalator.channels.pagerduty.events import PagerDutyEvents
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from tests.channels.pagerduty_event import EVENT
from tests.doubles.http import Fault
from tests.doubles.pagerduty import PagerDutyDouble

CONTEXT = MessageContext(None, 1042, "ts-pager")
SHORT = Limits(socket_s=0.5, total_s=0.5)


@pytest.fixture
def pagerduty():
    with PagerDutyDouble() as double:
        yield double


@pytest.fixture
def events(pagerduty):
    return PagerDutyEvents(pagerduty.origin)


@pytest.fixture
def _awake(monkeypatch):
    """Whoever sleeps fails."""

    def sleep(seconds):
        raise AssertionError(f"slept for {seconds} s")

    monkeypatch.setattr(time, "sleep", sleep)


def test_an_event_arrives_as_it_is_with_its_own_routing_key(pagerduty, events):
    assert events.send(CONTEXT, pagerduty.routing_key, EVENT) == Delivered("escalator-1")
    (request,) = pagerduty.requests
    assert (request.method, request.path) == ("POST", "/v2/enqueue")
    assert request.json == {**EVENT, "routing_key": pagerduty.routing_key}


def test_one_client_serves_several_routing_keys():
    keys = ("A" * 32, "B" * 32)
    with PagerDutyDouble(routing_keys=keys) as double:
        events = PagerDutyEvents(double.origin)
        assert all(isinstance(events.send(CONTEXT, key, EVENT), Delivered) for key in keys)
        assert [alert.service for alert in double.alerts] == list(keys)


def test_sending_leaves_the_event_as_it_was(pagerduty, events):
    event = {**EVENT, "payload": dict(EVENT["payload"])}
    events.send(CONTEXT, pagerduty.routing_key, event)
    assert event == EVENT


@pytest.mark.usefixtures("_awake")
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=429), id="429, which pdpyras tries for ever"),
        pytest.param(Fault(status=429, retry_after="1"), id="429 with a time"),
        pytest.param(Fault(status=500), id="500, twice"),
        pytest.param(Fault(status=502), id="502, four times"),
        pytest.param(Fault(status=503), id="503, six times"),
        pytest.param(Fault(status=504), id="504, six times"),
        pytest.param(Fault(drop=True), id="a lost connection, three times"),
        pytest.param(Fault(drop=True, is_done=True), id="a lost answer, three times"),
        pytest.param(Fault(status=302, location="/elsewhere"), id="a redirect, which requests refuses by an error"),
        pytest.param(Fault(delay=30), id="silence"),
    ],
)
def test_whatever_goes_wrong_is_sent_once_and_nobody_sleeps(pagerduty, fault):
    pagerduty.inject(fault)
    assert isinstance(PagerDutyEvents(pagerduty.origin, SHORT).send(CONTEXT, pagerduty.routing_key, EVENT), Failed)
    assert len(pagerduty.requests) == 1


@pytest.mark.usefixtures("_awake")
def test_an_address_that_is_none_fails_without_a_second_try():
    failed = PagerDutyEvents("nowhere at all").send(CONTEXT, "A" * 32, EVENT)
    assert failed == Failed(FailureReason.UNREACHABLE)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("B" * 32, id="of nobody"),
        pytest.param("e+23rschqsESqk9Q6_-g", id="a REST token"),
        pytest.param("${PAGERDUTY_ROUTING_KEY}", id="never expanded"),
    ],
)
def test_a_routing_key_that_is_none_is_a_broken_destination(pagerduty, events, key):
    assert events.send(CONTEXT, key, EVENT) == Failed(FailureReason.BAD_CREDENTIALS, "routing_key")
    assert not FailureReason.BAD_CREDENTIALS.is_retryable


@pytest.mark.parametrize("key", ["", "  "])
def test_without_a_routing_key_nothing_is_called(pagerduty, events, key):
    assert events.send(CONTEXT, key, EVENT) == Failed(FailureReason.NOT_CONFIGURED, "no_routing_key")
    assert pagerduty.requests == []


def test_an_event_that_pagerduty_refuses_is_our_mistake_not_the_destinations(pagerduty, events):
    wrong = {**EVENT, "payload": {**EVENT["payload"], "severity": "fatal"}}
    assert events.send(CONTEXT, pagerduty.routing_key, wrong) == Failed(FailureReason.BAD_MESSAGE, "http_400")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"status": "success"}, "no_dedup_key", id="no key"),
        pytest.param({"dedup_key": "another"}, "other_key", id="another alert's"),
        pytest.param({"dedup_key": ["escalator-1"]}, "other_key", id="a list"),
    ],
)
def test_an_answer_that_does_not_name_the_alert_is_no_acceptance(pagerduty, events, body, expected):
    pagerduty.inject(Fault(status=202, body=body))
    assert events.send(CONTEXT, pagerduty.routing_key, EVENT) == Failed(FailureReason.BAD_ANSWER, expected)


def test_pdpyras_warns_nobody_and_other_warnings_are_heard():
    script = (
        "import warnings, escalator.channels.pagerduty.events\n"
        "try:\n    warnings.warn('The package \"other\" is deprecated', UserWarning)\n"
        "except UserWarning:\n    print('heard')"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("heard", 0), done.stderr
