"""The sections for messages that are about no single incident: watched queues."""

from datetime import timedelta

from escalator.model.policy import Conditions, WatchedQueue
from escalator.policy.containers import FixedMapping, ListOf, MappingSchema, OneOrMore
from escalator.policy.scalars import (
    MatchingText,
    NonEmptyText,
    Number,
    Target,
    WholeNumber,
    complaint_error,
)
from escalator.policy.schema_routing import When
from escalator.policy.time_scalars import Duration

MOST_COUNTED = 500
"""How many items of a queue are counted; beyond them there are "more than 500"."""

_NAME = MatchingText(r".{1,64}", "name it in at most 64 characters", required=True)


class _Growth(Number):
    """How many times as many as usual."""

    def __init__(self) -> None:
        super().__init__(100)
        self.right = "write how many times as many as usual, from 1.1 to 100, such as 2.0"

    def _typed(self, text: str) -> float | None:
        number = super()._typed(text)
        return number if number is not None and number >= 1.1 else None


class QueueKeys(MappingSchema):
    """Stream's review queue, or a part of it, that is watched."""

    name = _NAME
    when = When()
    older_than = Duration()
    more_than = WholeNumber(1, MOST_COUNTED)
    growth = _Growth()
    notify = OneOrMore(Target(), required=True)
    hours = NonEmptyText()


def make_queue(  # noqa: PLR0913  # as the file has them
    name: str,
    notify: tuple[str, ...],
    when: Conditions | None = None,
    older_than: timedelta | None = None,
    more_than: int | None = None,
    growth: float | None = None,
    hours: str | None = None,
) -> WatchedQueue:
    """Return a watched queue; raise ValidationError for one without any limit."""
    if older_than is None and more_than is None and growth is None:
        right = "add at least one of older_than: 2h, more_than: 40, growth: 2.0"
        raise complaint_error("has no limit, so nobody is ever notified", right)
    return WatchedQueue(name, notify, when or Conditions(), older_than, more_than, growth, hours)


QUEUES = ListOf(FixedMapping(QueueKeys, make_queue))
