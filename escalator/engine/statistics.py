"""What happened to many alerts, in figures: how soon they were answered and resolved, and how many in time.

In time is acknowledged before it had to be escalated, and resolved within the category's `resolve_within` (else the
policy's) of the first acknowledgement. An alert that Stream had already reviewed when it was opened has no time to
acknowledge, and none to resolve if the review resolved it: nobody was asked, so there was nothing to wait for.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from escalator.model.alert_stats import AlertStats
from escalator.model.incident import Outcome
from escalator.model.policy import Policy


@dataclass(frozen=True, slots=True)
class DurationQuantiles:
    """How long something took: of half at most `p50`, of nine in ten at most `p90`; None where nothing was done."""

    count: int
    p50: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True, slots=True)
class Ratio:
    """So many `of` so many."""

    part: int
    of: int

    @property
    def percent(self) -> int | None:
        """Return it in whole percent; None of nothing."""
        return round(100 * self.part / self.of) if self.of else None


@dataclass(frozen=True, slots=True)
class AlertStatistics:
    """Of a set of alerts. `noise` is how many of those that were judged were false alarms; `open` waits still."""

    alerts: int
    open: int
    answered: DurationQuantiles
    resolved: DurationQuantiles
    answered_in_time: Ratio
    resolved_in_time: Ratio
    escalated: Ratio
    noise: Ratio


@dataclass(frozen=True, slots=True)
class _Measured:
    """What one alert adds to the figures, durations in seconds, which sort ten times as fast as timedeltas.

    `is_late` is whether it was resolved late; None where nothing limits that.
    """

    answered: float | None
    took: float | None
    is_answered_in_time: bool
    is_late: bool | None
    is_open: bool
    is_escalated: bool
    is_noise: bool


def alert_statistics(alerts: Iterable[AlertStats], policy: Policy) -> AlertStatistics:
    """Return the figures of these alerts; what they should have reached is asked of this policy."""
    return _summed([_measured(one, policy) for one in alerts])


def statistics_by_group(
    alerts: Sequence[AlertStats], by: Sequence[Callable[[AlertStats], Hashable]], policy: Policy
) -> tuple[Mapping[Any, AlertStatistics], ...]:
    """Return for each way of grouping these alerts the figures of its groups, the largest group first."""
    measured = [_measured(one, policy) for one in alerts]
    return tuple(_groups([key(one) for one in alerts], measured) for key in by)


def _groups(keys: Sequence[Hashable], measured: Sequence[_Measured]) -> Mapping[Hashable, AlertStatistics]:
    groups: dict[Hashable, list[_Measured]] = defaultdict(list)
    for key, one in zip(keys, measured, strict=True):
        groups[key].append(one)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return {key: _summed(members) for key, members in ordered}


def _summed(measured: Sequence[_Measured]) -> AlertStatistics:
    answered = [one.answered for one in measured if one.answered is not None]
    took = [one.took for one in measured if one.took is not None]
    limited = [one.is_late for one in measured if one.is_late is not None]
    return AlertStatistics(
        alerts=len(measured),
        open=sum(one.is_open for one in measured),
        answered=_spread(answered),
        resolved=_spread(took),
        answered_in_time=Ratio(sum(one.is_answered_in_time for one in measured), len(answered)),
        resolved_in_time=Ratio(len(limited) - sum(limited), len(limited)),
        escalated=Ratio(sum(one.is_escalated for one in measured), len(measured)),
        noise=Ratio(sum(one.is_noise for one in measured), len(took)),
    )


def _measured(alert: AlertStats, policy: Policy) -> _Measured:
    first, closed = alert.first_answered_at, alert.closed_at
    acknowledged = None if alert.was_reviewed_when_opened else first
    took = closed - first if first is not None and closed is not None else None
    if alert.was_reviewed_when_opened and closed == first:
        took = None
    limit = None if took is None else _limit(alert, policy)
    escalated = alert.escalated_at
    return _Measured(
        answered=None if acknowledged is None else (acknowledged - alert.opened_at).total_seconds(),
        took=None if took is None else took.total_seconds(),
        is_answered_in_time=acknowledged is not None and (escalated is None or acknowledged <= escalated),
        is_late=None if took is None or limit is None else took > limit,
        is_open=closed is None,
        is_escalated=escalated is not None,
        is_noise=took is not None and alert.outcome == Outcome.NO_VIOLATION,
    )


def opening_hour_in(zone: ZoneInfo) -> Callable[[AlertStats], int]:
    """Return what tells the hour of the day, there, at which an alert was opened."""
    return lambda alert: alert.opened_at.astimezone(zone).hour


def duration_quantiles(spans: Iterable[timedelta]) -> DurationQuantiles:
    """Return the spread of these, each quantile a value that was there (nearest rank)."""
    return _spread([span.total_seconds() for span in spans])


def _spread(seconds: Sequence[float]) -> DurationQuantiles:
    ordered = sorted(seconds)
    return DurationQuantiles(len(ordered), _rank(ordered, 50), _rank(ordered, 90))


def _rank(ordered: Sequence[float], percent: int) -> timedelta | None:
    return timedelta(seconds=ordered[(len(ordered) * percent + 99) // 100 - 1]) if ordered else None


def _limit(alert: AlertStats, policy: Policy) -> timedelta | None:
    category = policy.categories.get(alert.category or "")
    rule = policy.acknowledged
    return (category.resolve_within if category else None) or (rule.resolve_within if rule else None)
