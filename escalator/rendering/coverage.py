"""Coverage in words: how soon somebody is notified, for how long, and when nobody is."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import floor
from zoneinfo import ZoneInfo

from escalator.engine.coverage.values import Coverage, CoverageHole, CoverageRow
from escalator.model.policy import Policy
from escalator.rendering.push_text import words

NO_CATEGORY = "(no category)"


def how_soon(delay: timedelta | None) -> str:
    """Return `5 min` or `at once`, and `nobody` where nobody is notified."""
    if delay is None:
        return "nobody"
    return words(delay) if delay else "at once"


def percent(share: float) -> str:
    """Return a share as a percentage, rounded down: only all of it is 100 %."""
    return f"{floor(share * 1000) / 10:g} %"


def hole_words(holes: Sequence[CoverageHole], coverage: Coverage, policy: Policy) -> list[str]:
    """Return a line for each time in which nobody is notified soon enough, with all rows concerned, in order."""
    alike: dict[tuple[datetime, datetime, timedelta | None], list[CoverageRow]] = {}
    for hole in holes:
        alike.setdefault((hole.start, hole.end, hole.longest), []).append(hole.row)
    return [
        f"{span_words(start, end, coverage.timezone)}: {row_words(rows, policy)}; {_wait(longest)}"
        for (start, end, longest), rows in sorted(alike.items(), key=lambda item: item[0][:2])
    ]


def row_words(rows: Iterable[CoverageRow], policy: Policy) -> str:
    """Return rows in few words: `threat (critical, high), hate (high, if: Escalated)`."""
    severities_by_row: dict[tuple[str | None, str], list[str]] = {}
    for row in rows:
        condition = "" if row.is_unconditional else f", if: {given_words(row, policy)}"
        severities_by_row.setdefault((row.category, condition), []).append(row.severity.value)
    phrases = (
        f"{key or NO_CATEGORY} ({', '.join(severities)}{condition})"
        for (key, condition), severities in severities_by_row.items()
    )
    return ", ".join(phrases)


def given_words(row: CoverageRow, policy: Policy) -> str:
    """Return the route that takes it only with facts that are not known here."""
    return row.conditional_route if row.conditional_route is not None else f"the default, {policy.default}"


def span_words(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Return `Wed 2026-11-25 09:00 – Wed 2026-11-25 18:00 (9 h)`."""
    return f"{instant_words(start, zone)} – {instant_words(end, zone)} ({words(end - start)})"


def instant_words(at: datetime, zone: ZoneInfo) -> str:
    """Return `Wed 2026-11-25 09:00`."""
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


def _wait(longest: timedelta | None) -> str:
    if longest is None:
        return "nobody is notified, not even after the path restarts"
    return f"the longest wait is {words(longest)}"
