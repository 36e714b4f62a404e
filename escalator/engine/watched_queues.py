"""A watched queue of Stream: when it is too long, how long it usually is, and when that is announced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from escalator.engine.permissions import may_view_category
from escalator.model.facts import normalized
from escalator.model.policy import Category, Policy, WatchedQueue

WEEKS = 4
"""How many weeks back the same hour is looked up."""
_LEAST_SAMPLES = 2
LEAST_GROWTH = 10
"""With fewer items nothing is too many for the time of the week: three instead of one are no wave."""
OVER_AFTER = timedelta(minutes=10)
"""How long a queue must be within its limits to be over, so that one that is just at its limit does not come and go."""
_WORSE = 2
_LEAST_WAIT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """What Stream's queue held at a time: how many items, whether there were more, and since when the oldest waits."""

    at: datetime
    items: int
    has_more: bool = False
    oldest_at: datetime | None = None

    @property
    def waited(self) -> timedelta:
        """Return how long the oldest item has waited; zero where there is none."""
        return self.at - self.oldest_at if self.oldest_at else timedelta(0)


@dataclass(frozen=True, slots=True)
class QueueAnnouncement:
    """What was last sent about a queue that is not over: when, how many items, how long the oldest had waited."""

    at: datetime
    items: int
    waited: timedelta


@dataclass(frozen=True, slots=True)
class QueueState:
    """What has been sent, None if nothing; and since when the queue has been within its limits again."""

    sent: QueueAnnouncement | None = None
    calm_since: datetime | None = None


class QueueNews(StrEnum):
    """What there is to say about a queue."""

    BEGUN = "begun"
    WORSE = "worse"
    OVER = "over"


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour of which a sample is kept."""
    return at.replace(minute=0, second=0, microsecond=0)


def hours_to_compare(at: datetime) -> list[datetime]:
    """Return the same hour of the weeks before."""
    return [hour_of(at) - timedelta(weeks=weeks) for weeks in range(1, WEEKS + 1)]


def usual_items(samples: Mapping[datetime, int], at: datetime) -> float | None:
    """Return how many items there usually are at this hour of the week: the median; None before two weeks are known."""
    known = [samples[hour] for hour in hours_to_compare(at) if hour in samples]
    return median(known) if len(known) >= _LEAST_SAMPLES else None


def growth_of(figures: QueueFigures, usual: float | None) -> float | None:
    """Return how many times as many items there are as usual; None where that is not known, or there are few."""
    if usual is None or figures.items < LEAST_GROWTH:
        return None
    return figures.items / max(usual, 1)


def is_beyond_limits(queue: WatchedQueue, figures: QueueFigures, usual: float | None) -> bool:
    """Whether any of a queue's limits is exceeded."""
    growth = growth_of(figures, usual)
    is_too_old = queue.older_than is not None and figures.waited > queue.older_than
    is_more = queue.more_than is not None and (
        figures.items > queue.more_than or (figures.has_more and figures.items == queue.more_than)
    )
    has_grown = queue.growth is not None and growth is not None and growth >= queue.growth
    return is_too_old or is_more or has_grown


def next_state(
    queue: WatchedQueue, state: QueueState, figures: QueueFigures, usual: float | None, *, is_in_hours: bool
) -> tuple[QueueState, QueueNews | None]:
    """Return the state after these figures, and what to send. Outside the queue's hours nothing is, nor forgotten."""
    sent, now = state.sent, figures.at
    announcement = QueueAnnouncement(now, figures.items, figures.waited)
    if is_beyond_limits(queue, figures, usual):
        news = QueueNews.BEGUN if sent is None else QueueNews.WORSE if _is_worse(queue, sent, announcement) else None
        if news is not None and is_in_hours:
            return QueueState(announcement), news
        return QueueState(sent), None
    if sent is None:
        return QueueState(), None
    calm_since = state.calm_since or now
    if now - calm_since >= OVER_AFTER and is_in_hours:
        return QueueState(), QueueNews.OVER
    return QueueState(sent, calm_since), None


def _is_worse(queue: WatchedQueue, sent: QueueAnnouncement, present: QueueAnnouncement) -> bool:
    """Whether the number of items or the wait of the oldest has doubled since the last message.

    What was less than half of its limit counts as half of it: two items instead of one are no news, to pass a limit is.
    """
    items = max(sent.items, queue.more_than / _WORSE if queue.more_than is not None else LEAST_GROWTH)
    waited = max(sent.waited, queue.older_than / _WORSE if queue.older_than is not None else _LEAST_WAIT)
    return present.items >= _WORSE * items or present.waited >= _WORSE * waited


def may_view_queue(person: str, queue: WatchedQueue, policy: Policy) -> bool:
    """Whether somebody may read a queue's figures: all but those who may not see a category whose labels or reasons it
    is limited to.
    """
    return all(may_view_category(person, category, policy) for category in _categories(queue, policy))


def is_open_to_all(queue: WatchedQueue, policy: Policy) -> bool:
    """Whether everybody may read a queue's figures."""
    return not any(category.restricted_to for category in _categories(queue, policy))


def _categories(queue: WatchedQueue, policy: Policy) -> Iterable[Category]:
    labels, reasons = (
        {normalized(value) for value in queue.when.tests.get(condition, ())} for condition in ("label", "reason")
    )
    for category in policy.categories.values():
        if labels & set(map(normalized, category.labels)) or reasons & set(map(normalized, category.reasons)):
            yield category
