"""When a queue of Stream is too long, what is usual, and when somebody is notified again."""

from datetime import UTC, datetime, timedelta

import pytest

from escalator.engine.watched_queues import (
    QueueAnnouncement,
    QueueFigures,
    QueueNews,
    QueueState,
    growth_of,
    hours_to_compare,
    is_beyond_limits,
    is_open_to_all,
    may_view_queue,
    next_state,
    usual_items,
)
from escalator.model.policy import Conditions, WatchedQueue
from escalator.policy.parse import load
from tests.policy.files import minimal

NOW = datetime(2026, 11, 30, 14, 20, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
POLICY = load(
    minimal(
        ("labels: [CSAM]", "labels: [CSAM, Child Safety], reasons: [minor], restricted_to: [mods]"),
        ("  eli:", "  ben: {name: Ben, slack: U0BEN}\n  eli:"),
    ),
    {},
)


def a_queue(**limits: object) -> WatchedQueue:
    return WatchedQueue("Backlog", ("alerts",), **limits)


def figures(items: int, *, waited: timedelta | None = None, has_more: bool = False, at: datetime = NOW) -> QueueFigures:
    return QueueFigures(at, items, has_more, at - waited if waited is not None else None)


@pytest.mark.parametrize(
    ("limits", "present", "usual", "expected"),
    [
        pytest.param({"more_than": 40}, figures(40), None, False, id="as many as the limit"),
        pytest.param({"more_than": 40}, figures(41), None, True, id="one more"),
        pytest.param({"more_than": 500}, figures(500, has_more=True), None, True, id="more than are counted"),
        pytest.param({"more_than": 500}, figures(500), None, False, id="just as many as are counted"),
        pytest.param({"older_than": 60 * MINUTES}, figures(1, waited=60 * MINUTES), None, False, id="as old"),
        pytest.param({"older_than": 60 * MINUTES}, figures(1, waited=61 * MINUTES), None, True, id="older"),
        pytest.param({"older_than": 60 * MINUTES}, figures(9), None, False, id="Stream does not say how old"),
        pytest.param({"growth": 2.0}, figures(40), 20, True, id="twice as many as usual"),
        pytest.param({"growth": 2.0}, figures(39), 20, False, id="less than twice as many"),
        pytest.param({"growth": 2.0}, figures(400), None, False, id="what is usual is not known"),
        pytest.param({"growth": 2.0}, figures(9), 1, False, id="too few to be a wave"),
        pytest.param({"growth": 10.0}, figures(10), 0, True, id="usually none"),
        pytest.param({"more_than": 40, "older_than": 60 * MINUTES}, figures(41), None, True, id="one of two limits"),
    ],
)
def test_each_limit_is_enough(limits, present, usual, expected):
    assert is_beyond_limits(a_queue(**limits), present, usual) is expected


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        pytest.param({}, None, id="the first week"),
        pytest.param({1: 10}, None, id="one week is not enough"),
        pytest.param({1: 10, 2: 30}, 20, id="two weeks"),
        pytest.param({1: 10, 3: 30}, 20, id="a week without a sample"),
        pytest.param({1: 10, 2: 12, 3: 300}, 12, id="one wave does not make it usual"),
        pytest.param({1: 10, 2: 12, 3: 11, 4: 13, 5: 900}, 11.5, id="older weeks do not count"),
    ],
)
def test_usual_is_the_median_of_the_same_hour_of_the_weeks_before(weeks, expected):
    hour = NOW.replace(minute=0)
    samples = {hour - timedelta(weeks=week): items for week, items in weeks.items()}
    samples[hour - timedelta(weeks=1, hours=1)] = 1_000
    assert usual_items(samples, NOW) == expected


def test_four_weeks_are_compared():
    assert hours_to_compare(NOW) == [NOW.replace(minute=0) - timedelta(weeks=week) for week in (1, 2, 3, 4)]


@pytest.mark.parametrize(("items", "usual", "growth"), [(9, 1, None), (40, None, None), (40, 20, 2), (10, 0, 10)])
def test_growth_needs_ten_items_and_something_to_compare(items, usual, growth):
    assert growth_of(figures(items), usual) == growth


SENT = QueueState(QueueAnnouncement(NOW - 30 * MINUTES, 41, 60 * MINUTES))


@pytest.mark.parametrize(
    ("state", "present", "news"),
    [
        pytest.param(QueueState(), figures(40), None, id="within its limits"),
        pytest.param(QueueState(), figures(41), QueueNews.BEGUN, id="beyond them for the first time"),
        pytest.param(SENT, figures(81), None, id="not twice as many as in the last message"),
        pytest.param(SENT, figures(82), QueueNews.WORSE, id="twice as many"),
        pytest.param(SENT, figures(41, waited=119 * MINUTES), None, id="the oldest not twice as old"),
        pytest.param(SENT, figures(41, waited=120 * MINUTES), QueueNews.WORSE, id="the oldest twice as old"),
        pytest.param(SENT, figures(40), None, id="within its limits again, since now"),
        pytest.param(
            QueueState(SENT.sent, NOW - 9 * MINUTES), figures(40), None, id="within them for less than ten minutes"
        ),
        pytest.param(QueueState(SENT.sent, NOW - 10 * MINUTES), figures(3), QueueNews.OVER, id="for ten minutes"),
    ],
)
def test_news(state, present, news):
    after, found = next_state(a_queue(more_than=40), state, present, None, is_in_hours=True)
    assert found is news
    if news in {QueueNews.BEGUN, QueueNews.WORSE}:
        assert after == QueueState(QueueAnnouncement(NOW, present.items, present.waited))
    elif news is QueueNews.OVER:
        assert after == QueueState()


@pytest.mark.parametrize(
    ("limits", "sent", "present", "is_worse"),
    [
        pytest.param({"more_than": 40}, (41, 2), figures(41, waited=59 * MINUTES), False, id="minutes that double"),
        pytest.param({"more_than": 40}, (41, 2), figures(41, waited=60 * MINUTES), True, id="up to an hour"),
        pytest.param(
            {"more_than": 40, "older_than": 120 * MINUTES},
            (41, 2),
            figures(41, waited=119 * MINUTES),
            False,
            id="below the other limit",
        ),
        pytest.param(
            {"more_than": 40, "older_than": 120 * MINUTES},
            (41, 2),
            figures(41, waited=120 * MINUTES),
            True,
            id="the other limit is reached",
        ),
        pytest.param(
            {"more_than": 40, "older_than": 120 * MINUTES},
            (1, 121),
            figures(39, waited=130 * MINUTES),
            False,
            id="more items, within their limit",
        ),
        pytest.param({"older_than": 120 * MINUTES}, (1, 121), figures(19, waited=130 * MINUTES), False, id="few items"),
        pytest.param({"older_than": 120 * MINUTES}, (1, 121), figures(20, waited=130 * MINUTES), True, id="many items"),
    ],
)
def test_what_is_still_small_is_no_worse_when_it_doubles(limits, sent, present, is_worse):
    items, minutes = sent
    state = QueueState(QueueAnnouncement(NOW - 30 * MINUTES, items, minutes * MINUTES))
    _after, news = next_state(a_queue(**limits), state, present, None, is_in_hours=True)
    assert news is (QueueNews.WORSE if is_worse else None)


def test_a_queue_at_its_limit_does_not_come_and_go():
    state = SENT
    for minute in range(60):
        present = figures(40 + minute % 2, at=NOW + minute * MINUTES)
        state, news = next_state(a_queue(more_than=40), state, present, None, is_in_hours=True)
        assert news is None


@pytest.mark.parametrize(
    ("state", "present"),
    [
        (QueueState(), figures(41)),
        (SENT, figures(82)),
        (QueueState(SENT.sent, NOW - 10 * MINUTES), figures(3)),
    ],
)
def test_outside_its_hours_nothing_is_sent_and_all_is_sent_when_they_open(state, present):
    queue = a_queue(more_than=40)
    waiting, nothing = next_state(queue, state, present, None, is_in_hours=False)
    assert (waiting.sent, nothing) == (state.sent, None)
    assert next_state(queue, waiting, present, None, is_in_hours=True)[1] is not None


@pytest.mark.parametrize(
    ("tests", "who"),
    [
        pytest.param({}, ["ana", "ben", "eli"], id="the whole queue"),
        pytest.param({"label": ("SPAM",)}, ["ana", "ben", "eli"], id="a label of no restricted category"),
        pytest.param({"label": ("child-safety",)}, ["ana"], id="a label of a restricted one, however it is spelled"),
        pytest.param({"reason": ("Minor",)}, ["ana"], id="a reason of one"),
    ],
)
def test_a_queue_of_a_restricted_category_is_for_those_who_may_see_it(tests, who):
    queue = a_queue(more_than=1, when=Conditions(tests))
    assert [person for person in sorted(POLICY.people) if may_view_queue(person, queue, POLICY)] == who
    assert is_open_to_all(queue, POLICY) is (len(who) == 3)
