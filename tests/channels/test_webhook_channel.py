"""What a webhook says, to whom, and under which id."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from escalator.channels.guarded_http import PATIENT
from escalator.channels.http import Answer
from escalator.channels.ssrf_guard import guard_of
from escalator.channels.webhook import payload
from escalator.channels.webhook.channel import WebhookChannel
from escalator.channels.webhook.client import HttpWebhook
from escalator.channels.webhook.failures import failure, is_success
from escalator.clock import SystemClock
from escalator.model.incident import State
from escalator.model.message import Delivered, Failed, FailureReason, Occasion
from tests.channels.webhook_messages import KEY, PLACE, RESOLVED, notice, say
from tests.doubles.http import Fault
from tests.doubles.webhook import MAX_BODY_BYTES, SCHEMA, SECRET, WebhookDouble
from tests.fakes import FakeClock
from tests.rendering.builders import NOW, TAKEN


@pytest.fixture
def double():
    with WebhookDouble() as double:
        yield double


OTHER = "whsec_" + "b2xkIHNlY3JldCBvZiBiZWZvcmU="


@pytest.fixture
def channel():
    return WebhookChannel(HttpWebhook(guard_of(["127.0.0.1"])), SystemClock())


# --- Types -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("occasion", "rung", "type_"),
    [
        pytest.param(Occasion.STEP, (1, 0, 1), "incident.opened", id="the first send of all"),
        pytest.param(Occasion.STEP, (1, 0, 2), "incident.escalated", id="its repeat"),
        pytest.param(Occasion.STEP, (1, 1, 1), "incident.escalated", id="a later step"),
        pytest.param(Occasion.STEP, (2, 0, 1), "incident.escalated", id="a later round"),
        pytest.param(Occasion.RESTART, None, "incident.escalated", id="told of a restart"),
        pytest.param(Occasion.OPENED, None, "incident.opened", id="a copy: opened"),
        pytest.param(Occasion.ESCALATED, (1, 0, 1), "incident.escalated", id="a copy: escalated"),
        pytest.param(Occasion.ACKNOWLEDGED, None, "incident.acknowledged", id="a copy: acknowledged"),
        pytest.param(Occasion.RESOLVED, None, "incident.resolved", id="a copy: resolved"),
        pytest.param(Occasion.REOPENED, None, "incident.reopened", id="a copy: reopened"),
    ],
)
def test_the_type_says_what_happened(double, channel, occasion, rung, type_):
    channel.send(say(double, occasion=occasion, rung=rung))
    assert double.types == [type_]


@pytest.mark.parametrize(
    ("how", "type_", "at"),
    [
        pytest.param(TAKEN, "incident.acknowledged", "2026-08-20T14:03:57.000Z", id="taken"),
        pytest.param(
            {**TAKEN, "state": State.SNOOZED}, "incident.acknowledged", "2026-08-20T14:03:57.000Z", id="snoozed"
        ),
        pytest.param(RESOLVED, "incident.resolved", "2026-08-20T14:05:00.000Z", id="resolved"),
        pytest.param({"round": 2}, "incident.reopened", "2026-08-20T14:05:00.000Z", id="waits again"),
        pytest.param({"state": State.MERGED}, "incident.resolved", "2026-08-20T14:05:00.000Z", id="merged"),
    ],
)
def test_what_has_become_of_it_is_told_as_of_when_it_did(double, channel, how, type_, at):
    assert channel.update(say(double, ref="msg_1", **how)) == Delivered("msg_1")
    assert [(one.type, one.timestamp) for one in double.received] == [(type_, at)]


def test_the_products_trouble_and_tests_have_types_of_their_own(double, channel):
    channel.send(notice(double))
    channel.send(replace(notice(double, Occasion.TEST, "TEST · hello", ()), key=PLACE))
    assert [(one.type, one.data) for one in double.received] == [
        ("escalator.alarm", {"text": "Escalator needs attention: destination", "details": ["ts-pager"]}),
        ("escalator.test", {"text": "TEST · hello", "details": []}),
    ]


def test_trouble_that_says_much_stays_small(double, channel):
    channel.send(notice(double, details=tuple("é" * 9_000 for _ in range(900))))
    assert len(double.received[0].attempts[0]) < MAX_BODY_BYTES


def test_there_is_nothing_to_show_of_no_incident(double, channel):
    assert channel.update(replace(notice(double), ref="msg_1")) == Delivered("msg_1")
    assert double.requests == []


# --- Ids -------------------------------------------------------------------------------------------------------------


def test_a_message_has_one_id_however_often_it_is_tried(double, channel):
    double.inject(Fault(status=503), Fault(drop=True, is_done=True))
    results = [channel.send(say(double, now=NOW + timedelta(minutes=minutes))) for minutes in range(3)]
    assert [type(one) for one in results] == [Failed, Failed, Delivered]
    assert {request.headers["webhook-id"] for request in double.requests} == {f"msg_{KEY.replace('-', '')}"}
    assert [len(one.attempts) for one in double.received] == [2]


def test_each_message_has_an_id_of_its_own_without_a_dot(double, channel):
    channel.send(say(double))
    for how in (TAKEN, {**TAKEN, "owner": "ben"}, RESOLVED, {"round": 2}, {"round": 3}):
        channel.update(say(double, ref="msg_1", **how))
    ids = [request.headers["webhook-id"] for request in double.requests]
    assert len(set(ids)) == len(ids) == 6
    assert not [one for one in ids if "." in one]


def test_the_reference_is_the_id_of_what_was_told_first(double, channel):
    first = channel.send(say(double))
    assert first == Delivered(f"msg_{KEY.replace('-', '')}")
    assert channel.send(say(double, key=PLACE, ref=first.ref)) == first


@pytest.mark.parametrize(
    ("before", "after", "is_news"),
    [
        pytest.param({}, {"step": 2, "send_number": 1}, False, id="the next step is told by a page"),
        pytest.param({}, {"round": 2, "restarts": 1}, False, id="so is a restart"),
        pytest.param({}, TAKEN, True, id="taken"),
        pytest.param(TAKEN, {**TAKEN, "state": State.SNOOZED}, False, id="snoozed by who has it"),
        pytest.param(TAKEN, {**TAKEN, "owner": "ben"}, True, id="taken over"),
        pytest.param(TAKEN, {"round": 2}, True, id="released"),
        pytest.param(TAKEN, RESOLVED, True, id="resolved"),
        pytest.param(RESOLVED, {"round": 2}, True, id="reopened"),
    ],
)
def test_a_face_says_what_there_is_to_tell(double, channel, before, after, is_news):
    assert (channel.face(say(double, **before)) != channel.face(say(double, **after))) is is_news


# --- Signatures ------------------------------------------------------------------------------------------------------


def test_the_reference_implementation_verifies_what_came(double, channel):
    channel.send(say(double))
    (request,) = double.requests
    assert Webhook(SECRET).verify(request.body, request.headers)["type"] == "incident.escalated"


def test_the_time_signed_is_that_of_the_attempt(double):
    clock = FakeClock(datetime.now(UTC))
    channel = WebhookChannel(HttpWebhook(guard_of(["127.0.0.1"])), clock)
    channel.send(say(double))
    clock.move(minutes=3)
    channel.send(say(double))
    first, second = (int(request.headers["webhook-timestamp"]) for request in double.requests)
    assert second - first == 180
    assert double.requests[0].headers["webhook-signature"] != double.requests[1].headers["webhook-signature"]
    assert double.requests[0].body == double.requests[1].body


@pytest.mark.parametrize("secret", [f"{SECRET},{OTHER}", f"{OTHER},{SECRET}", f"{SECRET},"])
def test_while_a_secret_is_rotated_either_is_known(double, channel, secret):
    assert isinstance(channel.send(say(double, options={"secret": secret})), Delivered)


def test_another_secret_is_refused_and_told_as_such(double, channel):
    assert channel.send(say(double, options={"secret": OTHER})) == Failed(FailureReason.BAD_CREDENTIALS, "http_401")


@pytest.mark.parametrize("secret", ["", ",", "whsec_%"])
def test_a_secret_that_is_none_sends_nothing(double, channel, secret):
    done = channel.send(say(double, options={"secret": secret}))
    assert done == Failed(FailureReason.NOT_CONFIGURED, "secret")
    assert double.requests == []


def test_a_destination_without_a_secret_has_no_signature(channel):
    with WebhookDouble(secret=None) as open_house:
        assert isinstance(channel.send(say(open_house, options={})), Delivered)
        assert "webhook-signature" not in open_house.requests[0].headers


# --- What may go wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (300, FailureReason.BAD_TARGET),
        (301, FailureReason.BAD_TARGET),
        (302, FailureReason.BAD_TARGET),
        (308, FailureReason.BAD_TARGET),
        (400, FailureReason.BAD_MESSAGE),
        (405, FailureReason.BAD_TARGET),
        (409, FailureReason.VENDOR_ERROR),
        (410, FailureReason.GONE),
        (418, FailureReason.BAD_MESSAGE),
        (425, FailureReason.VENDOR_ERROR),
        (429, FailureReason.RATE_LIMITED),
        (507, FailureReason.VENDOR_ERROR),
        (999, FailureReason.VENDOR_ERROR),
    ],
)
def test_a_status_has_its_reason(status, reason):
    assert failure(Answer(status, {}, b"")) == Failed(reason, f"http_{status}")


def test_only_2xx_is_a_success():
    assert [status for status in range(100, 1_000) if is_success(status)] == list(range(200, 300))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bi.example.com/x",
        "ftp://bi.example.com/x",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://bi.example.com:port/x",
        "https://[::1/x",
        "https://ana:secret@bi.example.com/x",
        "https://bi.example.com/a b",
        "https://bi.example.com/\r\nX-Bad: 1",
        "https://bi.example.com/é",
    ],
)
def test_what_is_no_address_is_never_tried(double, channel, url):
    assert channel.send(replace(say(double), address=url)) == Failed(FailureReason.BAD_TARGET, "not_a_url")


def test_a_redirect_takes_the_message_nowhere(double, channel):
    with WebhookDouble() as elsewhere:
        double.inject(Fault(status=307, location=elsewhere.url))
        assert channel.send(say(double)) == Failed(FailureReason.BAD_TARGET, "http_307")
        assert elsewhere.requests == []


def test_tls_that_nobody_vouches_for_is_no_delivery(double, channel):
    one = replace(say(double), address=double.url.replace("http:", "https:"))
    assert channel.send(one).reason is FailureReason.UNREACHABLE


def test_a_receiver_has_the_time_that_the_specification_asks_for():
    assert 15 <= PATIENT.total_s <= 30


def test_nothing_is_logged_of_what_was_sent(double, channel, caplog):
    with caplog.at_level(logging.DEBUG):
        channel.send(say(double))
    assert caplog.text == ""


def test_types_are_those_of_the_schema():
    kinds = [SCHEMA["$defs"][kind]["properties"]["type"] for kind in ("of_an_incident", "of_the_product")]
    assert [type_ for kind in kinds for type_ in kind["enum"]] == list(payload.TYPES)
