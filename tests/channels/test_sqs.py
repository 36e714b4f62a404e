"""What we ask of Amazon SQS, and what its answers and failures mean. The double refuses what SQS refuses."""

from datetime import timedelta

import pytest

from escalator.channels.aws.queue import QueueState
from escalator.channels.aws.sqs import SqsQueue, region_of
from escalator.model.message import Failed, FailureReason
from tests.doubles.http import Fault
from tests.doubles.sqs import SqsDouble
from tests.fakes import START, FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def sqs(clock):
    with SqsDouble(now=clock.now) as double:
        double.waits_at_most_s = 0
        yield double


@pytest.fixture
def queue(sqs):
    return SqsQueue(sqs.queue_url, sqs.environment)


def test_a_batch_is_at_most_ten_and_says_since_when_it_waited(sqs, queue):
    for number in range(12):
        sqs.send(f"event {number}")
    received = queue.receive()
    assert [message.text for message in received] == [f"event {number}" for number in range(10)]
    assert {message.sent_at for message in received} == {START}
    asked = sqs.requests[0].json
    assert (asked["WaitTimeSeconds"], asked["VisibilityTimeout"]) == (20, 60)


def test_what_is_not_deleted_within_a_minute_comes_again(sqs, queue, clock):
    sqs.send("event")
    [first] = queue.receive()
    assert queue.receive() == []
    clock.move(seconds=59)
    assert queue.receive() == []
    clock.move(seconds=1)
    [second] = queue.receive()
    assert (second.id, second.text) == (first.id, "event")


def test_what_is_deleted_comes_no_more(sqs, queue, clock):
    sqs.send("event")
    [message] = queue.receive()
    assert queue.delete([message.handle]) is None
    clock.move(minutes=5)
    assert queue.receive() == []
    assert sqs.messages == []


def test_what_cannot_be_deleted_is_said(sqs, queue):
    sqs.send("event")
    [message] = queue.receive()
    failed = queue.delete([message.handle, "no handle of yours"])
    assert failed == Failed(FailureReason.VENDOR_ERROR, "ReceiptHandleIsInvalid")
    assert sqs.messages == []


def test_the_state_takes_no_message(sqs, queue):
    sqs.send("event")
    assert queue.state() == QueueState(waiting=1, has_dead_letter_queue=True, kept_for=timedelta(days=14))
    assert len(queue.receive()) == 1


def test_a_queue_that_gives_nothing_up(sqs, queue):
    del sqs.attributes["RedrivePolicy"]
    assert queue.state().has_dead_letter_queue is False


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIAOTHER"}, Failed(FailureReason.BAD_CREDENTIALS, "InvalidClientTokenId")),
        ({"AWS_REGION": "us-east-1"}, Failed(FailureReason.BAD_CREDENTIALS, "SignatureDoesNotMatch")),
        ({"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1"}, Failed(FailureReason.UNREACHABLE)),
        ({"AWS_REGION": ""}, Failed(FailureReason.NOT_CONFIGURED, "AWS_REGION")),
    ],
    ids=lambda value: str(value),
)
def test_an_environment_that_does_not_fit(sqs, monkeypatch, environment, expected):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    queue = SqsQueue(sqs.queue_url, sqs.environment | environment)
    assert (queue.receive(), queue.delete(["handle"]), queue.state()) == (expected, expected, expected)


def test_a_queue_that_does_not_exist(sqs):
    queue = SqsQueue(f"{sqs.queue_url}-2", sqs.environment)
    assert queue.receive() == Failed(FailureReason.BAD_TARGET, "QueueDoesNotExist")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            Fault(status=400, body={"__type": "com.amazonaws.sqs#RequestThrottled"}),
            Failed(FailureReason.RATE_LIMITED, "RequestThrottled"),
        ),
        (
            Fault(status=400, body={"__type": "com.amazonaws.sqs#AccessDenied", "message": "arn of somebody"}),
            Failed(FailureReason.BAD_CREDENTIALS, "AccessDenied"),
        ),
        (Fault(status=503, html=True), Failed(FailureReason.VENDOR_ERROR, "503")),
        (Fault(drop=True), Failed(FailureReason.UNREACHABLE)),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_failure_is_one_word_and_is_not_repeated_here(sqs, queue, fault, expected):
    sqs.inject(fault)
    assert queue.receive() == expected
    assert len(sqs.requests) == 1


@pytest.mark.parametrize(
    ("url", "environment", "region"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/a", {"AWS_REGION": "us-east-1"}, "eu-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/a", {}, "cn-north-1"),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/a", {}, "eu-west-1"),
        ("https://vpce-1.sqs.example.com/1/a", {"AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3"),
        ("https://vpce-1.sqs.example.com/1/a", {}, None),
    ],
)
def test_the_region_stands_in_the_address_or_in_the_environment(url, environment, region):
    assert region_of(url, environment) == region
