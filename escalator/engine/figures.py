"""What happened to many alerts, in figures: how soon they were answered and resolved, and how many in time.

In time is answered before it had to be escalated, and resolved within the category's `resolve_within` (else the
policy's) of the first answer.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from escalator.model.alert import Alert
from escalator.model.incident import Outcome
from escalator.model.policy import Policy

Key = TypeVar("Key", bound=Hashable)
"""What alerts are grouped by."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took: of half at most `p50`, of nine in ten at most `p90`; None where nothing was done."""

    count: int
    p50: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True, slots=True)
class Share:
    """So many `of` so many."""

    part: int
    of: int

    @property
    def percent(self) -> int | None:
        """Return it in whole percent; None of nothing."""
        return round(100 * self.part / self.of) if self.of else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a set of alerts. `noise` is how many of those that were judged were false alarms; `open` waits still."""

    alerts: int
    open: int
    answered: Spread
    resolved: Spread
    answered_in_time: Share
    resolved_in_time: Share
    escalated: Share
    noise: Share


def figures(alerts: Sequence[Alert], policy: Policy) -> Figures:
    """Return the figures of these alerts; what they should have reached is asked of this policy."""
    answered = [one for one in alerts if one.first_answered_at is not None]
    resolved = [one for one in answered if one.closed_at is not None]
    with_limit = [(one, limit) for one in resolved if (limit := _limit(one, policy)) is not None]
    return Figures(
        alerts=len(alerts),
        open=sum(one.closed_at is None for one in alerts),
        answered=spread(_waited(one) for one in answered),
        resolved=spread(_took(one) for one in resolved),
        answered_in_time=Share(sum(_is_in_time(one) for one in answered), len(answered)),
        resolved_in_time=Share(sum(_took(one) <= limit for one, limit in with_limit), len(with_limit)),
        escalated=Share(sum(one.escalated_at is not None for one in alerts), len(alerts)),
        noise=Share(sum(one.outcome == Outcome.NO_VIOLATION for one in resolved), len(resolved)),
    )


def grouped(alerts: Iterable[Alert], by: Callable[[Alert], Key], policy: Policy) -> Mapping[Key, Figures]:
    """Return the figures for each group of these alerts, the largest group first."""
    groups: dict[Key, list[Alert]] = defaultdict(list)
    for one in alerts:
        groups[by(one)].append(one)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return {key: figures(members, policy) for key, members in ordered}


def hour_in(zone: ZoneInfo) -> Callable[[Alert], int]:
    """Return what tells the hour of the day, there, at which an alert was opened."""
    return lambda alert: alert.opened_at.astimezone(zone).hour


def spread(spans: Iterable[timedelta]) -> Spread:
    """Return the spread of these, each quantile a value that was there (nearest rank)."""
    ordered = sorted(spans)
    return Spread(len(ordered), _rank(ordered, 50), _rank(ordered, 90))


def _rank(ordered: Sequence[timedelta], percent: int) -> timedelta | None:
    return ordered[(len(ordered) * percent + 99) // 100 - 1] if ordered else None


def _waited(alert: Alert) -> timedelta:
    return (alert.first_answered_at or alert.opened_at) - alert.opened_at


def _took(alert: Alert) -> timedelta:
    """Return how long it took from the first answer to the end."""
    begun = alert.first_answered_at or alert.opened_at
    return (alert.closed_at or begun) - begun


def _is_in_time(alert: Alert) -> bool:
    if alert.escalated_at is None or alert.first_answered_at is None:
        return True
    return alert.first_answered_at <= alert.escalated_at


def _limit(alert: Alert, policy: Policy) -> timedelta | None:
    category = policy.categories.get(alert.category or "")
    rule = policy.acknowledged
    return (category.resolve_within if category else None) or (rule.resolve_within if rule else None)
