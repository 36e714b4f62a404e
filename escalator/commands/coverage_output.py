"""A coverage as text for people."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from escalator.commands.text_columns import columns
from escalator.engine.coverage.values import (
    GRAVE_FOR_COVERAGE,
    Coverage,
    CoverageHole,
    CoverageInterval,
    CoverageRow,
    SingleResponder,
    share_notified_within,
)
from escalator.model.policy import Policy
from escalator.rendering.coverage import (
    NO_CATEGORY,
    given_words,
    hole_words,
    how_soon,
    instant_words,
    percent,
    row_words,
    span_words,
)
from escalator.rendering.push_text import words

_HEADINGS = ("WHAT", "SEVERITY", "WORST", "THROUGH, AT WORST", "TYPICAL", "COVERED", "GAPS", "SINGLE")
_MOST_LINES = 12
_NOBODY = "nobody"
_NO_HOLES = "No gaps: every high or critical alert notifies somebody in time, at every minute."
_MINUTE = timedelta(minutes=1)
_LONGEST_MINUTES = 14 * 24 * 60


def table(coverage: Coverage, policy: Policy) -> str:
    """Return the text: a line for each category and severity, then findings, then holidays and handovers."""
    return "\n\n".join(part for part in _CoverageText(coverage, policy).parts() if part)


class _CoverageText:
    """The text of one coverage, with the names and in the zone of its policy."""

    def __init__(self, coverage: Coverage, policy: Policy) -> None:
        self._coverage = coverage
        self._policy = policy

    def parts(self) -> Iterator[str]:
        """Yield the paragraphs, empty ones among them."""
        coverage, target = self._coverage, words(self._coverage.target)
        span = f"{self._at(coverage.start)} – {self._at(coverage.end)} ({coverage.timezone.key})"
        yield f"Who is notified of alerts opened {span},\nif nobody acknowledges; required within {target}"
        yield columns([_HEADINGS, *self._lines()])
        grave = [hole for hole in coverage.holes if hole.row.severity in GRAVE_FOR_COVERAGE]
        verdict = f"Gaps (high or critical, and nobody notified within {target})"
        yield _section(verdict, hole_words(grave, self._coverage, self._policy)) if grave else _NO_HOLES
        alone = [single for single in coverage.singles if single.row.severity in GRAVE_FOR_COVERAGE]
        yield _section("Single points of failure (only one person is notified in the whole path)", self._singles(alone))
        lesser = [hole for hole in coverage.holes if hole.row.severity not in GRAVE_FOR_COVERAGE]
        yield _section(
            f"Note: below high, and nobody notified within {target}", hole_words(lesser, self._coverage, self._policy)
        )
        yield self._silent()
        yield _section("Nobody on call", self._gaps())
        yield _section(
            "Holidays",
            [f"{holiday.day:%a %Y-%m-%d}  {holiday.hours} closed ({holiday.place})" for holiday in coverage.holidays],
        )
        yield _section("Handovers", self._handovers())

    def _lines(self) -> Iterator[tuple[str, ...]]:
        """Yield the lines of the table: severities with the same intervals share one.

        Conditional rows follow, where less of their time is covered.
        """
        for category, of_category in groupby(self._coverage.rows, key=lambda row: row.category):
            rows = list(of_category)
            for _key, alike in groupby(
                (row for row in rows if row.is_unconditional), key=lambda row: id(row.intervals)
            ):
                same = list(alike)
                grades = ", ".join(row.severity.value for row in same)
                yield (category or NO_CATEGORY, grades, *self._cells(same[0]))
                yield from self._others(same[0], rows)

    def _others(self, row: CoverageRow, rows: Iterable[CoverageRow]) -> Iterator[tuple[str, ...]]:
        covered = share_notified_within(tuple(row.intervals_with_steps), self._coverage.target)
        for other in rows:
            is_other = other.severity is row.severity and not other.is_unconditional
            if (
                is_other
                and not other.is_silent
                and share_notified_within(tuple(other.intervals_with_steps), self._coverage.target) < covered
            ):
                yield (f"  if: {given_words(other, self._policy)}", "", *self._cells(other))

    def _cells(self, row: CoverageRow) -> tuple[str, ...]:
        intervals = tuple(row.intervals_with_steps)
        if not intervals:
            return ("silent on purpose", "", "", "", "", "")
        worst = max(intervals, key=lambda interval: timedelta.max if interval.longest is None else interval.longest)
        holes = [hole for hole in self._coverage.holes if hole.row is row]
        return (
            how_soon(worst.longest),
            self._through(worst),
            how_soon(_typical(intervals)),
            percent(share_notified_within(intervals, self._coverage.target)),
            f"{len(holes)} ({words(_total(holes))})" if holes else "none",
            self._alone(row),
        )

    def _through(self, interval: CoverageInterval) -> str:
        recipient = interval.first
        if recipient is None:
            return "–"
        return f"{self._name(recipient.who) if recipient.is_person else recipient.who} ({recipient.kind.about.title})"

    def _alone(self, row: CoverageRow) -> str:
        singles = [single for single in self._coverage.singles if single.row is row]
        people = sorted({self._name(single.person) for single in singles})
        more = f" and {len(people) - 1} more" if len(people) > 1 else ""
        return f"{people[0]}{more} ({words(_total(singles))})" if people else "none"

    def _singles(self, singles: Sequence[SingleResponder]) -> list[str]:
        alike: dict[tuple[datetime, datetime, str], list[CoverageRow]] = {}
        for single in singles:
            alike.setdefault((single.start, single.end, single.person), []).append(single.row)
        return [
            f"{self._range(start, end)}: {self._name(person)} alone, of {row_words(rows, self._policy)}"
            for (start, end, person), rows in sorted(alike.items(), key=lambda item: item[0])
        ]

    def _silent(self) -> str:
        rows = [row for row in self._coverage.rows if row.is_unconditional and row.is_silent]
        return f"Silent on purpose (a path with no steps): {row_words(rows, self._policy)}" if rows else ""

    def _gaps(self) -> list[str]:
        return [f"{self._range(gap.start, gap.end)}: {gap.schedule}" for gap in self._coverage.gaps]

    def _handovers(self) -> list[str]:
        return [
            f"{self._at(handover.at)}  {handover.schedule}: {self._names(handover.off)} → {self._names(handover.on)}"
            for handover in self._coverage.handovers
        ]

    def _name(self, person: str) -> str:
        return self._policy.people[person].name

    def _names(self, people: Iterable[str]) -> str:
        return ", ".join(self._name(person) for person in people) or _NOBODY

    def _range(self, start: datetime, end: datetime) -> str:
        return span_words(start, end, self._coverage.timezone)

    def _at(self, at: datetime) -> str:
        return instant_words(at, self._coverage.timezone)


def _section(heading: str, lines: Sequence[str]) -> str:
    """Return lines under a heading, empty without lines; of many only the first and the number of the others."""
    if not lines:
        return ""
    left = len(lines) - _MOST_LINES
    more = [f"… and {left} more; --json has them all"] if left > 0 else []
    return "\n  ".join([f"{heading}:", *lines[:_MOST_LINES], *more])


def _total(findings: Iterable[CoverageHole | SingleResponder]) -> timedelta:
    return sum((finding.end - finding.start for finding in findings), timedelta(0))


def _typical(intervals: tuple[CoverageInterval, ...]) -> timedelta | None:
    """Return the median of the wait in whole minutes; None when nobody is notified in half of the time."""
    low, high = -1, _LONGEST_MINUTES + 1
    while high - low > 1:
        middle = (low + high) // 2
        if share_notified_within(intervals, middle * _MINUTE) >= 1 / 2:
            high = middle
        else:
            low = middle
    return high * _MINUTE if high <= _LONGEST_MINUTES else None
