"""The figures of Stream's queues that still count, and those that are old."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from escalator.engine.watched_queues import QueueFigures
from escalator.store.stream_queues import QueueKey, StoredQueue

OLD_AFTER = timedelta(minutes=15)
"""A queue is asked every minute, a long one every few minutes: what is older comes from before a failure."""


def is_old(figures: QueueFigures, now: datetime) -> bool:
    """Whether Stream has not answered for so long that these figures say nothing about now."""
    return now - figures.at > OLD_AFTER


def current_figures(queues: Mapping[QueueKey, StoredQueue], now: datetime) -> dict[QueueKey, QueueFigures]:
    """Return the figures that still count, by queue."""
    return {
        key: queue.figures
        for key, queue in queues.items()
        if queue.figures is not None and not is_old(queue.figures, now)
    }
