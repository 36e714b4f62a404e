"""Reading Stream's queue: page by page, a second apart, around what is too large, and no longer than a run may take."""

from datetime import timedelta

import pytest

from escalator.channels.deadline_socket import Limits
from escalator.channels.stream.client import StreamClient
from escalator.model.message import FailureReason
from escalator.services.stream.queue_reader import OUT_OF_TIME, ChangedItems, QueueReader
from tests.doubles.http import Fault
from tests.doubles.stream import StreamDouble, nanoseconds
from tests.fakes import START, FakeClock

SMALL = Limits(socket_s=5, total_s=5, answer_bytes=20_000)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock():
    return FakeClock(START)


@pytest.fixture
def stream(clock):
    with StreamDouble(now=clock.now) as stream:
        stream.limits["QueryReviewQueue"] = 10_000
        yield stream


@pytest.fixture
def reader(stream, clock):
    return QueueReader(StreamClient(stream.origin, stream.key, [stream.secret], SMALL), clock)


def fill(stream, *sizes, apart=SECOND):
    """Put items into the queue, of so many bytes each, updated one after another."""
    for number, size in enumerate(sizes):
        at = nanoseconds(START - timedelta(hours=1) + number * apart)
        stream.add_item(f"item-{number}", updated_at=at, filler="x" * size)


def read_all(changes):
    shown = []
    while not changes.is_complete:
        page = changes.next_page()
        shown += [int(item["id"].removeprefix("item-")) for item in page.items]
    return shown


def since(hours=2):
    return START - timedelta(hours=hours)


def test_every_page_is_read_a_second_apart(stream, reader, clock):
    fill(stream, *[10] * 75)
    changes = ChangedItems(reader, since(), limit=30)
    assert read_all(changes) == list(range(75))
    assert (changes.skipped, len(stream.requests), clock.now() - START) == (0, 3, 2 * SECOND)


def test_pages_that_are_too_large_get_smaller_until_they_can_be_read(stream, reader):
    fill(stream, *[900] * 60)
    changes = ChangedItems(reader, since())
    assert sorted(set(read_all(changes))) == list(range(60))
    assert changes.skipped == 0
    limits = [request.json["limit"] for request in stream.requests]
    assert limits[:4] == [100, 50, 25, 12]


@pytest.mark.parametrize("apart", [SECOND, timedelta(microseconds=7), timedelta(hours=1)], ids=str)
@pytest.mark.parametrize("places", [(0,), (4,), (8,), (3, 4), (3, 5)], ids=str)
def test_an_item_that_is_too_large_by_itself_is_left_out_and_no_other(stream, reader, places, apart):
    fill(stream, *[30_000 if number in places else 10 for number in range(9)], apart=apart)
    changes = ChangedItems(reader, since())
    assert sorted(set(read_all(changes))) == [number for number in range(9) if number not in places]
    assert changes.skipped == len(places)
    last = START - timedelta(hours=1) + places[-1] * apart
    assert last < changes.skipped_until <= last + timedelta(microseconds=1)


def test_one_that_was_updated_with_the_item_before_it_is_left_out_too(stream, reader):
    fill(stream, 10, 30_000, 10, apart=timedelta())
    stream.items[2]["updated_at"] += 1_000_000
    changes = ChangedItems(reader, since())
    assert sorted(set(read_all(changes))) == [0, 2]
    assert changes.skipped == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=503), FailureReason.VENDOR_ERROR),
        (Fault(drop=True), FailureReason.UNREACHABLE),
        (Fault(html=True), FailureReason.BAD_ANSWER),
    ],
)
def test_any_other_failure_ends_the_reading(stream, reader, fault, reason):
    fill(stream, 10, 30_000)
    stream.inject(fault)
    assert ChangedItems(reader, since()).next_page().reason is reason


def test_a_failure_while_it_looks_for_what_is_too_large_leaves_nothing_out(stream, reader):
    fill(stream, 30_000, 10)
    stream.inject(*[Fault(is_done=True)] * 9, Fault(status=503))
    changes = ChangedItems(reader, since())
    assert changes.next_page().reason is FailureReason.VENDOR_ERROR
    assert changes.skipped == 0


def test_an_answer_without_a_time_is_refused(stream, reader, monkeypatch):
    monkeypatch.setattr(stream, "answer", lambda _request: stream._routed(_request))
    monkeypatch.setattr("tests.doubles.http._Handler.date_time_string", lambda *_args: "at some time")
    page = reader.read({})
    assert (page.reason, page.detail) == (FailureReason.BAD_ANSWER, "no_date")


def test_a_run_ends_in_time(stream, clock):
    client = StreamClient(stream.origin, stream.key, [stream.secret], SMALL)
    reader = QueueReader(client, clock, most_s=-1)
    assert reader.read({}) is OUT_OF_TIME
    assert stream.requests == []
