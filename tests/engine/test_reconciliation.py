"""What an item of Stream's queue means here (RULES 6)."""

from datetime import timedelta

import pytest

from escalator.engine.reconciliation import Finding, QueueItem, judge_item, next_watermark, was_lost
from escalator.model.facts import ItemState
from tests.fakes import START

CONNECTED = START - timedelta(days=7)


def at(minutes):
    return START + timedelta(minutes=minutes)


def a_state(updated, reviewed=None, digest="x"):
    return ItemState("a", at(updated), None if reviewed is None else at(reviewed), digest)


DAYS = 24 * 60
CASES = [
    pytest.param(a_state(-5), None, {}, Finding.OPENED, id="never seen"),
    pytest.param(a_state(-5, -6), None, {}, Finding.CLOSED, id="never seen, and reviewed"),
    pytest.param(a_state(-5), a_state(-5), {}, Finding.KNOWN, id="the same state"),
    pytest.param(a_state(-5), a_state(-4), {}, Finding.KNOWN, id="a webhook was newer"),
    pytest.param(a_state(-5), a_state(-9, digest="y"), {}, Finding.CHANGED, id="newer, and means something else"),
    pytest.param(a_state(-5), a_state(-9), {}, Finding.KNOWN, id="newer, and means the same"),
    pytest.param(a_state(-5, digest=""), a_state(-9, digest=""), {}, Finding.CHANGED, id="nobody knows what it means"),
    pytest.param(a_state(-5, -6), a_state(-9, digest="y"), {}, Finding.CLOSED, id="reviewed since"),
    pytest.param(a_state(-5, -20), a_state(-9, -20, "y"), {}, Finding.CHANGED, id="flagged since its review"),
    pytest.param(a_state(-0.49), None, {}, Finding.NOT_SETTLED, id="its webhook may still come"),
    pytest.param(a_state(-0.5), None, {}, Finding.OPENED, id="its webhook comes no more"),
    pytest.param(a_state(-5), None, {"created": -8 * DAYS - 1}, Finding.TOO_OLD, id="over a day before the connection"),
    pytest.param(a_state(-5), None, {"created": -8 * DAYS}, Finding.OPENED, id="a day before the connection"),
    pytest.param(
        a_state(-5), None, {"created": -9 * DAYS, "has_incident": True}, Finding.CHANGED, id="old, with an incident"
    ),
    pytest.param(a_state(-5), a_state(-9, digest="y"), {"created": -9 * DAYS}, Finding.CHANGED, id="old, and known"),
]


@pytest.mark.parametrize(("state", "known", "more", "expected"), CASES)
def test_what_an_item_means(state, known, more, expected):
    item = QueueItem(state, at(more.get("created", -10)), more.get("has_incident", False))
    assert judge_item(item, known, START, CONNECTED) is expected


def test_what_changed_after_the_first_contact_and_whose_webhook_comes_no_more_was_lost():
    lost = [was_lost(a_state(minutes), START, at(-10)) for minutes in (-11, -10, -1, -0.5, -0.4)]
    assert lost == [False, True, True, True, False]


def test_before_a_deadline_what_has_just_changed_counts_too():
    item = QueueItem(a_state(0), at(-10))
    assert judge_item(item, None, START, CONNECTED, timedelta(0)) is Finding.OPENED


@pytest.mark.parametrize(
    ("skipped", "expected"),
    [
        pytest.param(None, -2, id="two minutes overlap"),
        pytest.param(-1, -1, id="never again what was left out"),
        pytest.param(-9, -2, id="left out long ago"),
    ],
)
def test_from_when_on_the_next_run_reads(skipped, expected):
    assert next_watermark(START, None if skipped is None else at(skipped)) == at(expected)
