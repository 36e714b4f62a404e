"""The sections for messages that are about no single incident: watched queues, digests."""

import re
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from escalator.model.policy import Conditions, Digest, WatchedQueue
from escalator.model.schedule import WEEKDAYS
from escalator.policy.containers import FixedMapping, ListOf, MappingSchema, OneOrMore
from escalator.policy.scalars import (
    MatchingText,
    NonEmptyText,
    Number,
    OneOf,
    PolicyValue,
    Target,
    WholeNumber,
    complaint_error,
)
from escalator.policy.schema_routing import When
from escalator.policy.time_scalars import Duration, HandoverRule, TimeOfDay, TimeZone

MOST_COUNTED = 500
"""How many items of a queue are counted; beyond them there are "more than 500"."""

_NAME = MatchingText(r".{1,64}", "name it in at most 64 characters", required=True)
_DAILY_OR_WEEKLY = re.compile(rf"(?:({'|'.join(WEEKDAYS)}) )?((?:[01][0-9]|2[0-3]):[0-5][0-9])")


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


class _WeeklyKeys(MappingSchema):
    weekday = OneOf(*WEEKDAYS, required=True)
    time = TimeOfDay(required=True)


def _make_weekly(weekday: str, time: time) -> HandoverRule:
    return HandoverRule(time, WEEKDAYS.index(weekday))


class _DigestTime(PolicyValue[HandoverRule]):
    """`09:00`, `mon 09:00`, or `{weekday: mon, time: "09:00"}`."""

    right = 'write a time such as "09:00" (daily), or {weekday: mon, time: "09:00"} (weekly)'

    def read(self, value: object, name: str) -> HandoverRule:
        """Return the time, and the weekday of a weekly one."""
        if isinstance(value, dict):
            return FixedMapping(_WeeklyKeys, _make_weekly).read(value, name)
        match = _DAILY_OR_WEEKLY.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise complaint_error("is not a time of day or of the week", self.right)
        return HandoverRule(time.fromisoformat(match[2]), WEEKDAYS.index(match[1]) if match[1] else None)


class DigestKeys(MappingSchema):
    """A regular summary."""

    name = _NAME
    at = _DigestTime(required=True)
    timezone = TimeZone()
    to = OneOrMore(Target(), required=True)
    when_empty = OneOf("send", "skip")
    when = When()


def make_digest(  # noqa: PLR0913  # as the file has them
    name: str,
    at: HandoverRule,
    to: tuple[str, ...],
    when: Conditions | None = None,
    timezone: ZoneInfo | None = None,
    when_empty: str = "send",
) -> Digest:
    """Return a digest."""
    return Digest(name, to, at.at, at.weekday, when or Conditions(), timezone, when_empty == "send")


QUEUES = ListOf(FixedMapping(QueueKeys, make_queue))
DIGESTS = ListOf(FixedMapping(DigestKeys, make_digest))
