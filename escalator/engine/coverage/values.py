"""The results of a coverage. Instants are aware UTC, spans are half-open: [start, end)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Severity

GRAVE_FOR_COVERAGE = (Severity.HIGH, Severity.CRITICAL)
"""Severities at which a hole is a finding; below them it is a note."""


@dataclass(frozen=True, slots=True)
class ReachedRecipient:
    """Who is reached: a person (by key), or a destination that somebody watches (a pager, an urgent channel)."""

    who: str
    kind: DestinationKind
    target: str
    is_person: bool


@dataclass(frozen=True, slots=True)
class CoverageInterval:
    """Openings with the same result, if nobody answers.

    `first` is who is reached first: `delay` after the opening, or for all openings `at` one instant, when the step
    waits for its hours. It is None where one pass through the path, with its restart, reaches nobody. `is_silent`: the
    path has no steps by decision. `reached` is everybody who is reached before the path restarts, and `responders`
    those of them who are reached in time.
    """

    start: datetime
    end: datetime
    first: ReachedRecipient | None
    delay: timedelta | None
    at: datetime | None
    responders: tuple[ReachedRecipient, ...]
    reached: tuple[ReachedRecipient, ...]
    is_silent: bool = False

    def within(self, opened: datetime) -> timedelta | None:
        """Return how long after an opening in this interval the first one is reached; None for nobody."""
        return self.at - opened if self.at is not None else self.delay

    @property
    def longest(self) -> timedelta | None:
        """Return the longest wait of an opening in this interval, which is that of the first; None for nobody."""
        return self.within(self.start)


@dataclass(frozen=True, slots=True)
class RouteStretch:
    """Openings that one route takes (None: the default path)."""

    start: datetime
    end: datetime
    route: str | None
    path: str


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One category (None: none) and severity, about which nothing else is known.

    `conditional_route` is a route that takes it only with facts that are not known here; then the row is about what
    that route takes, with only the intervals in which it can. Several rows may share one tuple of intervals.
    """

    category: str | None
    severity: Severity
    conditional_route: str | None
    is_given_default: bool
    stretches: tuple[RouteStretch, ...]
    intervals: tuple[CoverageInterval, ...]

    @property
    def is_unconditional(self) -> bool:
        """Whether the row is about an incident of which nothing else is known."""
        return self.conditional_route is None and not self.is_given_default

    @property
    def is_silent(self) -> bool:
        """Whether all its intervals end on a path with no steps, which is silent on purpose."""
        return all(interval.is_silent for interval in self.intervals)

    @property
    def intervals_with_steps(self) -> Iterator[CoverageInterval]:
        """Yield the intervals in which somebody should be notified."""
        return (interval for interval in self.intervals if not interval.is_silent)


@dataclass(frozen=True, slots=True)
class CoverageHole:
    """Openings of a row of which nobody is notified in time; `longest` is the longest wait, None for nobody at all."""

    row: CoverageRow
    start: datetime
    end: datetime
    longest: timedelta | None


@dataclass(frozen=True, slots=True)
class SingleResponder:
    """Openings of a row of which only one person is notified before the path restarts."""

    row: CoverageRow
    start: datetime
    end: datetime
    person: str


@dataclass(frozen=True, slots=True)
class ScheduleGap:
    """A schedule that has nobody on call."""

    schedule: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """An instant at which the people on call change: `off` and `on` are those before and after, empty for nobody."""

    schedule: str
    at: datetime
    off: tuple[str, ...]
    on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday on which hours that the policy uses are closed."""

    day: date
    hours: str
    place: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of all openings from start to end; `target` is within how long somebody must be notified."""

    start: datetime
    end: datetime
    target: timedelta
    timezone: ZoneInfo
    rows: tuple[CoverageRow, ...]
    holes: tuple[CoverageHole, ...]
    singles: tuple[SingleResponder, ...]
    gaps: tuple[ScheduleGap, ...]
    holidays: tuple[Holiday, ...]
    handovers: tuple[Handover, ...]


def share_notified_within(intervals: Sequence[CoverageInterval], limit: timedelta) -> float:
    """Return the share of time, 0 to 1, in which the first one is notified within the limit; 1 for no intervals."""
    total = sum((interval.end - interval.start for interval in intervals), timedelta(0))
    return sum((_time_within(interval, limit) for interval in intervals), timedelta(0)) / total if total else 1.0


def _time_within(interval: CoverageInterval, limit: timedelta) -> timedelta:
    if interval.at is not None:
        return max(interval.end - max(interval.start, interval.at - limit), timedelta(0))
    is_within = interval.delay is not None and interval.delay <= limit
    return interval.end - interval.start if is_within else timedelta(0)
