"""A watched queue of Stream in words: how much waits there, and its messages."""

from collections.abc import Iterator

from escalator.engine.watched_queues import QueueFigures, QueueNews, growth_of
from escalator.model.message import Card, Link
from escalator.model.policy import Policy, WatchedQueue
from escalator.rendering import push_text
from escalator.rendering.push_text import words
from escalator.rendering.redaction import one_line

_NAME_CHARS = 64


def queue_name(queue: str, source: str, policy: Policy) -> str:
    """Return the name of a queue, with its source where the policy has several."""
    name = one_line(queue, _NAME_CHARS)
    return f"{name} ({one_line(source, _NAME_CHARS)})" if len(policy.sources) > 1 else name


def waiting_words(figures: QueueFigures, usual: float | None = None) -> str:
    """Return `41 items wait in Stream, the oldest for 3 h, twice as many as usual at this hour`."""
    if not figures.items:
        return "nothing waits in Stream"
    count = f"more than {figures.items}" if figures.has_more else str(figures.items)
    waiting = "item waits" if count == "1" else "items wait"
    oldest = f", the oldest for {words(figures.waited)}" if figures.oldest_at else ""
    return f"{count} {waiting} in Stream{oldest}{_compared(figures, usual)}"


def _compared(figures: QueueFigures, usual: float | None) -> str:
    """Return how this compares with what is usual; nothing where it is not more by half."""
    growth = growth_of(figures, usual)
    if growth is None or growth < 1.5:
        return ""
    times = "twice" if 1.95 <= growth < 2.05 else f"{growth:.1f} times".replace(".0 ", " ")
    return f", {times} as many as usual at this hour"


def limit_words(queue: WatchedQueue) -> str:
    """Return a queue's limits: `older than 2 h, more than 40 items`."""
    return ", ".join(_limits(queue))


def _limits(queue: WatchedQueue) -> Iterator[str]:
    if queue.older_than is not None:
        yield f"older than {words(queue.older_than)}"
    if queue.more_than is not None:
        yield f"more than {queue.more_than} {'item' if queue.more_than == 1 else 'items'}"
    if queue.growth is not None:
        yield f"{queue.growth:g} times as many as usual"


def queue_card(  # noqa: PLR0913  # what happened, in which queue, and where it can be looked at
    news: QueueNews,
    name: str,
    figures: QueueFigures,
    usual: float | None,
    queue: WatchedQueue | None,
    link: str,
    *,
    is_test: bool,
) -> Card:
    """Return the message about a queue; `queue` None where the policy no longer has it, `link` empty for none."""
    waiting = waiting_words(figures, usual if news is not QueueNews.OVER else None)
    subject = {
        QueueNews.BEGUN: name,
        QueueNews.WORSE: f"{name} got worse",
        QueueNews.OVER: f"{name} is over",
    }[news]
    text = push_text.marked(f"{subject}: {waiting}", is_test=is_test, is_drill=False)
    lines = [(f"Limits: {limit_words(queue)}",)] if queue is not None else []
    links = [(Link("Open Stream's dashboard", link),)] if link else []
    return Card(text, text, (*lines, *links))


def start_page(template: str) -> str:
    """Return the page of Stream's dashboard that a source's `dashboard_url` leads to, without anything of one item."""
    head, placeholder, _rest = template.partition("{")
    if not placeholder:
        return template
    before_query, query, _ = head.partition("?")
    return before_query if query else head.rpartition("/")[0]
