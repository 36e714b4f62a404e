"""Statistics of alerts: how soon they were acknowledged and resolved, and how many in time.

In time means acknowledged before it was escalated, and resolved within the category's `resolve_within` (else the
policy's) of the first acknowledgement. An alert that Stream had already reviewed when it was opened has no time to
acknowledge, and none to resolve if the review resolved it, because nobody was notified.
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
    """Median (`p50`) and 90th percentile (`p90`) of `count` durations; None when there are none."""

    count: int
    p50: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share: `part` out of `of`."""

    part: int
    of: int

    @property
    def percent(self) -> int | None:
        """Return it in whole percent; None when `of` is 0."""
        return round(100 * self.part / self.of) if self.of else None


@dataclass(frozen=True, slots=True)
class AlertStatistics:
    """The statistics of a set of alerts. `noise` is the share of false alarms among the resolved; `open` is not
    closed.
    """

    alerts: int
    open: int
    answered: DurationQuantiles
    resolved: DurationQuantiles
    answered_in_time: Ratio
    resolved_in_time: Ratio
    escalated: Ratio
    noise: Ratio


@dataclass(frozen=True, slots=True)
class _Measurement:
    """What one alert adds to the figures, durations in seconds, which sort ten times as fast as timedeltas.

    `is_late` is whether it was resolved late; None where nothing limits that.
    """

    answered: float | None
    resolved_s: float | None
    is_answered_in_time: bool
    is_late: bool | None
    is_open: bool
    is_escalated: bool
    is_noise: bool


def alert_statistics(alerts: Iterable[AlertStats], policy: Policy) -> AlertStatistics:
    """Return the statistics of these alerts; the time limits are those of this policy."""
    return _aggregate([_measure(alert, policy) for alert in alerts])


def statistics_by_group(
    alerts: Sequence[AlertStats], groupings: Sequence[Callable[[AlertStats], Hashable]], policy: Policy
) -> tuple[Mapping[Any, AlertStatistics], ...]:
    """Return for each grouping of these alerts the statistics of its groups, the largest group first."""
    measured = [_measure(alert, policy) for alert in alerts]
    return tuple(_groups([key(alert) for alert in alerts], measured) for key in groupings)


def _groups(keys: Sequence[Hashable], measured: Sequence[_Measurement]) -> Mapping[Hashable, AlertStatistics]:
    groups: dict[Hashable, list[_Measurement]] = defaultdict(list)
    for key, measurement in zip(keys, measured, strict=True):
        groups[key].append(measurement)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return {key: _aggregate(members) for key, members in ordered}


def _aggregate(measured: Sequence[_Measurement]) -> AlertStatistics:
    answer_times = [measurement.answered for measurement in measured if measurement.answered is not None]
    resolve_times = [measurement.resolved_s for measurement in measured if measurement.resolved_s is not None]
    late_flags = [measurement.is_late for measurement in measured if measurement.is_late is not None]
    return AlertStatistics(
        alerts=len(measured),
        open=sum(measurement.is_open for measurement in measured),
        answered=_spread(answer_times),
        resolved=_spread(resolve_times),
        answered_in_time=Ratio(sum(measurement.is_answered_in_time for measurement in measured), len(answer_times)),
        resolved_in_time=Ratio(len(late_flags) - sum(late_flags), len(late_flags)),
        escalated=Ratio(sum(measurement.is_escalated for measurement in measured), len(measured)),
        noise=Ratio(sum(measurement.is_noise for measurement in measured), len(resolve_times)),
    )


def _measure(alert: AlertStats, policy: Policy) -> _Measurement:
    first, closed = alert.first_acknowledged_at, alert.closed_at
    acknowledged = None if alert.was_reviewed_when_opened else first
    time_to_resolve = closed - first if first is not None and closed is not None else None
    if alert.was_reviewed_when_opened and closed == first:
        time_to_resolve = None
    limit = None if time_to_resolve is None else _limit(alert, policy)
    escalated = alert.escalated_at
    return _Measurement(
        answered=None if acknowledged is None else (acknowledged - alert.opened_at).total_seconds(),
        resolved_s=None if time_to_resolve is None else time_to_resolve.total_seconds(),
        is_answered_in_time=acknowledged is not None and (escalated is None or acknowledged <= escalated),
        is_late=None if time_to_resolve is None or limit is None else time_to_resolve > limit,
        is_open=closed is None,
        is_escalated=escalated is not None,
        is_noise=time_to_resolve is not None and alert.outcome == Outcome.NO_VIOLATION,
    )


def opening_hour_in(zone: ZoneInfo) -> Callable[[AlertStats], int]:
    """Return a function from an alert to the hour of the day, in that zone, at which it was opened."""
    return lambda alert: alert.opened_at.astimezone(zone).hour


def duration_quantiles(spans: Iterable[timedelta]) -> DurationQuantiles:
    """Return the quantiles of these durations by nearest rank: each is one of the values."""
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
