"""Counting what waits in Stream's review queue: page by page, bounded, and never a part for the whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from escalator.channels.stream.client import PATIENT, StreamClient
from escalator.channels.stream.queue_count import QueueCount, count_items
from escalator.channels.stream.review_queue import UNREVIEWED
from escalator.model.message import Failed, FailureReason
from tests.doubles.http import Fault
from tests.doubles.stream import StreamDouble, nanoseconds

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def stream():
    with StreamDouble(now=lambda: NOON) as stream:
        yield stream


def count(stream, filter_by=UNREVIEWED, limits=PATIENT):
    return count_items(StreamClient(stream.origin, stream.key, [stream.secret], limits), filter_by, 500)


def fill(stream, items, **fields):
    for item in range(items):
        created_at = nanoseconds(NOON - timedelta(minutes=items - item))
        stream.add_item(f"item-{item}", **{"created_at": created_at, **fields})


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (0, QueueCount(0, has_more=False, waited=None, calls=1)),
        (1, QueueCount(1, has_more=False, waited=timedelta(minutes=1), calls=1)),
        (100, QueueCount(100, has_more=False, waited=timedelta(minutes=100), calls=1)),
        (101, QueueCount(101, has_more=False, waited=timedelta(minutes=101), calls=2)),
        (500, QueueCount(500, has_more=False, waited=timedelta(minutes=500), calls=5)),
        (501, QueueCount(500, has_more=True, waited=timedelta(minutes=501), calls=5)),
    ],
)
def test_items_are_counted_up_to_the_bound_in_as_few_calls_as_there_are_pages(stream, items, expected):
    fill(stream, items)
    assert count(stream) == expected
    assert len(stream.requests) == expected.calls


def test_only_what_the_filter_names_is_counted_and_the_wait_is_by_streams_clock(stream):
    fill(stream, 3, label=["CSAM"])
    fill(stream, 2, reviewed=True)
    fill(stream, 4, label=["HATE"])
    assert count(stream, {**UNREVIEWED, "label": {"$in": ["CSAM", "SPAM"]}}).items == 3


def test_an_item_without_a_time_is_counted(stream):
    stream.add_item("item", created_at="not a time")
    assert count(stream) == QueueCount(1, has_more=False, waited=None, calls=1)


def test_a_page_that_is_too_large_is_asked_for_in_halves(stream):
    fill(stream, 60, filler="x" * 1_000)
    assert count(stream, limits=replace(PATIENT, answer_bytes=32_000)).items == 60
    assert [request.json["limit"] for request in stream.requests] == [100, 50, 25, 25, 25]


@pytest.mark.parametrize("good_pages", [0, 1])
def test_what_fails_fails_as_a_whole(stream, good_pages):
    fill(stream, 150)
    stream.inject(*([Fault()] * good_pages), Fault(status=503))
    failed = count(stream)
    assert isinstance(failed, Failed)
    assert failed.reason is FailureReason.VENDOR_ERROR


def test_a_page_of_a_proxy_is_no_answer_and_is_not_asked_for_again(stream):
    stream.inject(*[Fault(html=True)] * 3)
    assert count(stream).reason is FailureReason.BAD_ANSWER
    assert len(stream.requests) == 1


def test_an_item_that_is_too_large_by_itself_ends_it(stream):
    fill(stream, 2, filler="x" * 10_000)
    assert count(stream, limits=replace(PATIENT, answer_bytes=5_000)) == Failed(FailureReason.BAD_ANSWER, "too_large")
    assert len(stream.requests) == 7
