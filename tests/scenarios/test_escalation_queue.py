"""`tell_stream` and the app's escalation queue: nothing is sent where nobody would see it."""

import pytest
from sqlalchemy import select

from escalator.services.maintenance.jobs import flush_metrics
from escalator.services.monitoring.health import metrics_text
from escalator.store.tables import stream_calls
from tests.doubles.http import Fault
from tests.doubles.stream import StreamDouble
from tests.scenarios.harness import POLICY, STREAM_KEY, STREAM_SECRET
from tests.scenarios.stories import SELF_HARM
from tests.stream.bodies import ITEM_ID

KEY = 'api_key: "${STREAM_API_KEY}"'
TELLS = POLICY.read_text().replace(KEY, f"{KEY}\n    stream_user: escalator-bot\n    tell_stream: escalated")
APP = "/api/v2/app"


@pytest.fixture
def stream(bare):
    with StreamDouble(secrets=(STREAM_SECRET,), now=bare.clock.now) as double:
        double.key = STREAM_KEY
        for number in ("11", "02", "03"):
            double.add_item(f"{ITEM_ID[:-2]}{number}")
        yield double


@pytest.fixture
def h(bare, stream):
    bare.start(TELLS, STREAM_API_URL=stream.origin)
    return bare


def escalated(h, item):
    """Let an alert escalate, because nobody acknowledges it."""
    h.post(SELF_HARM, item=item)
    h.fast_forward(minutes=6)
    h.forget_seen()


def told(h):
    with h.core.database.reading() as connection:
        rows = connection.execute(select(stream_calls).order_by(stream_calls.c.created_at)).all()
    return [(row.state, row.reason) for row in rows]


def asked(stream, path=APP):
    return sum(request.path == path for request in stream.requests)


def switch(stream, is_on):
    stream.app["moderation_dashboard_preferences"] = {"escalation_queue_enabled": is_on}


def test_while_it_is_off_nothing_is_sent_and_the_record_says_why(h, stream):
    switch(stream, is_on=False)
    escalated(h, 1)
    assert (stream.acted, asked(stream)) == ([], 1)
    assert told(h) == [("failed", "escalation_queue_off")]
    [record] = h.records("incident.not_escalated_in_stream")
    assert record["reason"] == "escalation_queue_off"
    assert h.incident()["state"] == "triggered"


def test_stream_is_asked_once_in_ten_minutes_however_many_incidents_there_are(h, stream):
    switch(stream, is_on=False)
    escalated(h, 1)
    requests = len(stream.requests)
    h.post(SELF_HARM, item=2)
    h.clock.move(minutes=5)
    h.sweep()
    h.forget_seen()
    assert told(h) == [("failed", "escalation_queue_off")] * 2
    assert len(stream.requests) == requests
    switch(stream, is_on=True)
    h.fast_forward(minutes=11)
    escalated(h, 3)
    assert [body["item_id"] for body in stream.acted] == [f"{ITEM_ID[:-2]}03"]
    assert asked(stream) == 2


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(drop=True), Fault(status=429, retry_after="30")])
def test_an_app_that_does_not_answer_is_asked_again_and_then_told(h, stream, fault):
    switch(stream, is_on=True)
    stream.inject(fault, path=APP)
    escalated(h, 1)
    h.fast_forward(minutes=1)
    h.forget_seen()
    assert len(stream.acted) == 1
    assert told(h) == [("done", "")]


def test_outcomes_are_counted(h, stream):
    switch(stream, is_on=True)
    stream.inject(Fault(status=503), path=APP)
    escalated(h, 1)
    h.fast_forward(minutes=1)
    h.forget_seen()
    flush_metrics(h.core)
    text = metrics_text(h.core)
    for outcome in ("done", "retried"):
        assert f'escalator_stream_calls_total{{outcome="{outcome}",part="escalate"}} 1.0'.encode() in text
