"""What is said of a queue of Stream."""

from datetime import UTC, datetime, timedelta

import pytest

from escalator.engine.watched_queues import QueueFigures, QueueNews
from escalator.model.message import Link
from escalator.model.policy import WatchedQueue
from escalator.rendering.watched_queues import limit_words, queue_card, start_page, waiting_words

NOW = datetime(2026, 11, 30, 14, 20, tzinfo=UTC)
OLDEST = NOW - timedelta(hours=3)


@pytest.mark.parametrize(
    ("figures", "usual", "expected"),
    [
        (QueueFigures(NOW, 0), None, "nothing waits in Stream"),
        (QueueFigures(NOW, 1, False, OLDEST), None, "1 item waits in Stream, the oldest for 3 h"),
        (QueueFigures(NOW, 41), None, "41 items wait in Stream"),
        (
            QueueFigures(NOW, 41, False, OLDEST),
            20.5,
            "41 items wait in Stream, the oldest for 3 h, twice as many as usual at this hour",
        ),
        (QueueFigures(NOW, 50), 20, "50 items wait in Stream, 2.5 times as many as usual at this hour"),
        (QueueFigures(NOW, 60), 20, "60 items wait in Stream, 3 times as many as usual at this hour"),
        (QueueFigures(NOW, 22), 20, "22 items wait in Stream"),
        (QueueFigures(NOW, 500, True, OLDEST), None, "more than 500 items wait in Stream, the oldest for 3 h"),
    ],
)
def test_what_waits(figures, usual, expected):
    assert waiting_words(figures, usual) == expected


QUEUE = WatchedQueue("Backlog", ("alerts",), older_than=timedelta(hours=2), more_than=40, growth=2.0)


def test_the_limits():
    assert limit_words(QUEUE) == "older than 2 h, more than 40 items, 2 times as many as usual"


@pytest.mark.parametrize(
    ("news", "text"),
    [
        (QueueNews.BEGUN, "Backlog: 41 items wait in Stream, the oldest for 3 h, twice as many as usual at this hour"),
        (
            QueueNews.WORSE,
            "Backlog got worse: 41 items wait in Stream, the oldest for 3 h, twice as many as usual at this hour",
        ),
        (QueueNews.OVER, "Backlog is over: 41 items wait in Stream, the oldest for 3 h"),
    ],
)
def test_a_message_says_what_happened_the_limits_and_where_to_look(news, text):
    figures = QueueFigures(NOW, 41, False, OLDEST)
    card = queue_card(news, "Backlog", figures, 20.5, QUEUE, "https://stream.example.com", is_test=False)
    assert card.text == card.header == text
    assert card.lines[0] == ("Limits: older than 2 h, more than 40 items, 2 times as many as usual",)
    assert card.lines[1] == (Link("Open Stream's dashboard", "https://stream.example.com"),)


def test_a_diverted_message_is_marked_and_says_only_what_is_known():
    card = queue_card(QueueNews.OVER, "Backlog", QueueFigures(NOW, 0), None, None, "", is_test=True)
    assert (card.text, card.lines) == ("TEST · Backlog is over: nothing waits in Stream", ())


@pytest.mark.parametrize(
    ("template", "page"),
    [
        ("", ""),
        ("https://s.example.com/app/1", "https://s.example.com/app/1"),
        ("https://s.example.com/app/1/moderation?item={item_id}", "https://s.example.com/app/1/moderation"),
        ("https://s.example.com/app/1/items/{item_id}", "https://s.example.com/app/1/items"),
        ("https://s.example.com/{entity_type}/{entity_id}?x=1", "https://s.example.com"),
    ],
)
def test_the_page_of_streams_dashboard_is_that_of_no_single_item(template, page):
    assert start_page(template) == page
