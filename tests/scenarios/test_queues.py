"""Events that come by a queue: the same as by webhook, each once, and none is deleted before it is stored."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from escalator.channels.aws.sqs import SqsQueue
from escalator.model.message import FailureReason
from escalator.services.intake import queue_reader
from escalator.services.intake.queue_reader import QueueReader
from escalator.services.maintenance.jobs import flush_metrics
from escalator.services.monitoring.health import metrics_text
from escalator.store import Database
from escalator.store.tables import events, incidents
from tests.doubles.http import Fault
from tests.doubles.sqs import SqsDouble
from tests.scenarios.harness import Harness, use_database
from tests.scenarios.stories import PAGE, SELF_HARM

NOBODY_THERE = "postgresql+psycopg://nobody@127.0.0.1:1/none"


@pytest.fixture
def sqs(h: Harness) -> Iterator[SqsDouble]:
    with SqsDouble(now=h.clock.now) as double:
        double.waits_at_most_s = 0
        yield double


@pytest.fixture
def reader(h: Harness, sqs: SqsDouble) -> QueueReader:
    return QueueReader(h.core, "chat", SqsQueue(sqs.queue_url, sqs.environment))


def read(h: Harness, reader: QueueReader) -> bool:
    """Read one batch, and let the workers work."""
    is_well = reader.receive() and reader.store()
    h.work()
    return is_well


@contextmanager
def database_down(h: Harness) -> Iterator[None]:
    was = h.core.database
    use_database(h.core, Database(NOBODY_THERE))
    try:
        yield
    finally:
        h.core.database.close()
        use_database(h.core, was)


def expect_page(h: Harness) -> None:
    h.expect_message("#critical-alerts", PAGE)
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)


def packed(body: bytes) -> str:
    return base64.b64encode(gzip.compress(body)).decode()


@pytest.mark.every_database
@pytest.mark.parametrize("form", [bytes.decode, packed], ids=["plain", "packed"])
def test_an_event_in_the_queue_pages_as_a_webhook_does(
    h: Harness, sqs: SqsDouble, reader: QueueReader, form: Callable[[bytes], str]
) -> None:
    sqs.send(form(h.sample(SELF_HARM)))
    assert read(h, reader)
    expect_page(h)
    assert sqs.messages == []
    assert h.count(events, source="chat", state="done") == 1


def test_the_same_event_by_webhook_and_by_queue_is_one(h: Harness, sqs: SqsDouble, reader: QueueReader) -> None:
    h.post(SELF_HARM)
    expect_page(h)
    sqs.send(packed(h.sample(SELF_HARM)))
    sqs.send(h.sample(SELF_HARM).decode())
    assert read(h, reader)
    assert (h.count(events), h.count(incidents), sqs.messages) == (1, 1, [])


def test_an_event_that_comes_again_because_it_was_not_deleted_is_one(
    h: Harness, sqs: SqsDouble, reader: QueueReader
) -> None:
    sqs.send(h.sample(SELF_HARM).decode())
    sqs.inject(Fault(), Fault(status=503, body={}))
    assert read(h, reader)
    expect_page(h)
    assert [message["times"] for message in sqs.messages] == [1]
    h.clock.move(seconds=60)
    assert read(h, reader)
    assert (h.count(events), sqs.messages) == (1, [])


@pytest.mark.every_database
def test_while_the_database_is_down_nothing_is_deleted_and_nothing_more_is_received(
    h: Harness, sqs: SqsDouble, reader: QueueReader
) -> None:
    sqs.send(h.sample(SELF_HARM).decode())
    with database_down(h):
        for _ in range(30):
            assert not (reader.receive() and reader.store())
            h.clock.move(seconds=10)
    assert [message["times"] for message in sqs.messages] == [1]
    assert read(h, reader)
    expect_page(h)
    assert sqs.messages == []


def test_of_a_batch_what_is_stored_is_deleted_although_the_rest_has_to_wait(
    h: Harness, sqs: SqsDouble, reader: QueueReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs.send(h.sample(SELF_HARM).decode())
    sqs.send(h.sample(SELF_HARM, item=2).decode())
    store = queue_reader.store_event

    def once(core, *what):
        result = store(core, *what)
        use_database(core, Database(NOBODY_THERE))
        return result

    was = h.core.database
    monkeypatch.setattr(queue_reader, "store_event", once)
    assert not (reader.receive() and reader.store())
    assert [message["times"] for message in sqs.messages] == [1]
    monkeypatch.undo()
    use_database(h.core, was)
    assert read(h, reader)
    assert (h.count(events), sqs.messages) == (2, [])
    h.forget_seen()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("not an event", 1, id="text"),
        pytest.param("{}", 1, id="JSON without a type"),
        pytest.param(base64.b64encode(gzip.compress(b"{}")[:-4]).decode(), 1, id="a broken gzip stream"),
        pytest.param(packed(bytes(9 * 1024 * 1024)), 0, id="more than 8 MiB when it is inflated"),
    ],
)
def test_what_is_no_event_is_counted_and_does_not_come_again(
    h: Harness, sqs: SqsDouble, reader: QueueReader, text: str, kept: int
) -> None:
    sqs.send(text)
    sqs.send(h.sample(SELF_HARM).decode())
    assert read(h, reader)
    expect_page(h)
    assert (sqs.messages, h.count(events, state="invalid")) == ([], kept)


def test_an_event_of_no_interest_leaves_no_body(h: Harness, sqs: SqsDouble, reader: QueueReader) -> None:
    sqs.send(json.dumps({"type": "message.new", "message": {"text": "a private word"}}))
    assert read(h, reader)
    assert h.count(events, state="ignored", sealed_body=None) == 1


def test_a_queue_that_fails_for_a_minute_is_a_problem_until_it_is_read_again(
    h: Harness, sqs: SqsDouble, reader: QueueReader
) -> None:
    assert reader.problem is None
    sqs.inject(Fault(status=403, body={"__type": "com.amazonaws.sqs#AccessDenied"}), Fault(status=503, body={}))
    assert not reader.receive()
    assert reader.problem is None
    h.clock.move(seconds=60)
    assert not reader.receive()
    failure = "reached, but it returned an error (vendor_error: 503)"
    assert reader.problem == f"no event of chat is read from its queue: {failure}"
    assert read(h, reader)
    assert reader.problem == ""


def test_events_that_have_waited_long_are_a_problem_until_others_come_in_time(
    h: Harness, sqs: SqsDouble, reader: QueueReader
) -> None:
    sqs.send(h.sample(SELF_HARM).decode())
    h.clock.move(minutes=7)
    assert read(h, reader)
    expect_page(h)
    assert reader.problem == "events of chat waited in their queue for 7 min"
    assert read(h, reader)
    assert reader.problem == ""
    flush_metrics(h.core)
    assert "escalator_queue_wait_seconds_sum 420.0" in metrics_text(h.core).decode()


def test_one_event_that_cannot_be_stored_for_another_reason_holds_up_nothing(
    h: Harness, sqs: SqsDouble, reader: QueueReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs.send("poison")
    sqs.send(h.sample(SELF_HARM).decode())
    unpacked = queue_reader.event_in

    def picky(text: str, limit: int) -> bytes:
        if text == "poison":
            raise RuntimeError("a fault of ours")
        return unpacked(text, limit)

    monkeypatch.setattr(queue_reader, "event_in", picky)
    assert not read(h, reader)
    expect_page(h)
    assert [message["Body"] for message in sqs.messages] == ["poison"]
    h.expect_error("queue_event_failed")


def test_a_reader_says_why_it_could_not_read(h: Harness, reader: QueueReader, sqs: SqsDouble) -> None:
    sqs.inject(Fault(drop=True))
    assert not reader.receive()
    [line] = [line for line in h.log.lines("warning") if line["event"] == "queue_not_read"]
    assert (line["source"], line["reason"]) == ("chat", FailureReason.UNREACHABLE.value)
