"""What coverage amounts to, as values. Instants are aware UTC, spans are half-open: [start, end)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Severity

GRAVE_FOR_COVERAGE = (Severity.HIGH, Severity.CRITICAL)
"""Where a hole is a finding; below it is a note."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One who hears of it: a person (by key), or a place that somebody watches (a pager, an urgent channel)."""

    who: str
    kind: DestinationKind
    target: str
    is_person: bool


@dataclass(frozen=True, slots=True)
class CoverageInterval:
    """Openings that fare alike, if nobody answers.

    `first` is who hears first: `delay` after the opening, or all of them `at` one instant, when the step waits for its
    hours. Nobody hears within one pass through the path, and its restart, where `first` is None; `is_silent` where the
    path has no steps by decision. `reached` is everybody who hears before the path begins again, and `responders` those
    of them who hear in time.
    """

    start: datetime
    end: datetime
    first: Listener | None
    delay: timedelta | None
    at: datetime | None
    responders: tuple[Listener, ...]
    reached: tuple[Listener, ...]
    is_silent: bool = False

    def within(self, opened: datetime) -> timedelta | None:
        """Return how long after an opening in this interval the first one hears; None for nobody."""
        return self.at - opened if self.at is not None else self.delay

    @property
    def longest(self) -> timedelta | None:
        """Return the longest that an opening of this interval waits, which is the first; None for nobody."""
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

    `given` is a route that takes it only with facts that are not known here; then it is about what that route takes,
    and there are only intervals in which it can. Several rows may share one tuple of intervals.
    """

    category: str | None
    severity: Severity
    given: str | None
    is_given_default: bool
    stretches: tuple[RouteStretch, ...]
    intervals: tuple[CoverageInterval, ...]

    @property
    def is_bare(self) -> bool:
        """Whether it is about the incident of which nothing else is known."""
        return self.given is None and not self.is_given_default

    @property
    def is_silent(self) -> bool:
        """Whether all of it ends on a path with no steps: silent on purpose."""
        return all(interval.is_silent for interval in self.intervals)

    @property
    def heard(self) -> Iterator[CoverageInterval]:
        """Yield the intervals in which somebody should hear."""
        return (interval for interval in self.intervals if not interval.is_silent)


@dataclass(frozen=True, slots=True)
class CoverageHole:
    """Openings of a row of which nobody hears in time; `longest` is the longest wait, None for nobody at all."""

    row: CoverageRow
    start: datetime
    end: datetime
    longest: timedelta | None


@dataclass(frozen=True, slots=True)
class SingleListener:
    """Openings of a row of which one person alone hears before the path begins again."""

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
    """An instant at which somebody else comes on call; nobody where it is empty."""

    schedule: str
    at: datetime
    off: tuple[str, ...]
    on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday on which hours that count here are closed."""

    day: date
    hours: str
    place: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """All of it, for openings from start to end; `target` is within how long somebody must hear."""

    start: datetime
    end: datetime
    target: timedelta
    timezone: ZoneInfo
    rows: tuple[CoverageRow, ...]
    holes: tuple[CoverageHole, ...]
    singles: tuple[SingleListener, ...]
    gaps: tuple[ScheduleGap, ...]
    holidays: tuple[Holiday, ...]
    handovers: tuple[Handover, ...]


def share_heard_within(intervals: Sequence[CoverageInterval], limit: timedelta) -> float:
    """Return the share of time, 0 to 1, in which whoever hears first does so within the limit; 1 of no time."""
    total = sum((one.end - one.start for one in intervals), timedelta(0))
    return sum((_time_within(one, limit) for one in intervals), timedelta(0)) / total if total else 1.0


def _time_within(interval: CoverageInterval, limit: timedelta) -> timedelta:
    if interval.at is not None:
        return max(interval.end - max(interval.start, interval.at - limit), timedelta(0))
    is_within = interval.delay is not None and interval.delay <= limit
    return interval.end - interval.start if is_within else timedelta(0)
