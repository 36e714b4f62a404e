"""The text that a locked phone shows: one of a few, with the category's title as the only word about the harm."""

from datetime import timedelta
from math import ceil

from escalator.model.incident import Outcome
from escalator.model.levels import Severity

DRILL = "DRILL · "
TEST = "TEST · "

OUTCOMES = {
    Outcome.ACTION_TAKEN: "action taken",
    Outcome.NO_VIOLATION: "no violation",
    Outcome.DUPLICATE: "duplicate",
    Outcome.REFERRED: "referred",
    Outcome.TEST: "test",
    Outcome.REVIEWED_IN_STREAM: "reviewed in Stream",
}
"""Outcomes, as the end of a sentence."""


def words(duration: timedelta) -> str:
    """Return a duration in its two largest units at most: `57 s`, `5 min`, `1 h 5 min`, `2 d 3 h`."""
    seconds = max(0, round(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _pair(hours, "h", minutes, "min")
    days, hours = divmod(hours, 24)
    return _pair(days, "d", hours, "h")


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def words_left(duration: timedelta) -> str:
    """Return the remaining time, rounded up to what `words` shows: 4 min 59 s are still `5 min`."""
    seconds = max(0, ceil(duration.total_seconds()))
    return words(timedelta(seconds=seconds if seconds < 60 else ceil(seconds / 60) * 60))


def headline(severity: Severity, title: str) -> str:
    """Return `CRITICAL · Self-harm`."""
    return f"{severity.value.upper()} · {title}"


def first_page(severity: Severity, title: str, number: int, within: timedelta | None) -> str:
    """Return the text of the first page; without `within` there is no next step."""
    limit = f" within {words_left(within)}" if within is not None else ""
    return f"{headline(severity, title)} · acknowledge{limit} · #{number}"


def nobody_answered(severity: Severity, title: str, number: int, waited: timedelta) -> str:
    """Return the text of a page to the next recipients when nobody has answered."""
    return f"Nobody answered for {words(waited)}: {_with_you(severity, title, number)}"


def still_unanswered(severity: Severity, title: str, number: int, waited: timedelta) -> str:
    """Return the text of a repeat, or of a restarted path."""
    return f"Still unanswered after {words(waited)}: {_with_you(severity, title, number)}"


def _with_you(severity: Severity, title: str, number: int) -> str:
    return f"{headline(severity, title)} is now with you · #{number}"


def resolve_soon(severity: Severity, title: str, number: int, within: timedelta) -> str:
    """Return the text of the reminder to the owner before the second deadline."""
    return f"{headline(severity, title)} · resolve within {words_left(within)} · #{number}"


def taken(number: int, by: str, after: timedelta) -> str:
    """Return `#1042 taken by Ana Ruiz after 57 s`."""
    return f"#{number} taken by {by} after {words(after)}"


def resolved(number: int, by: str, outcome: Outcome) -> str:
    """Return `#1042 resolved by Ana Ruiz: action taken`."""
    return f"#{number} resolved by {by}: {OUTCOMES[outcome]}"


def marked(text: str, *, is_test: bool, is_drill: bool) -> str:
    """Return the text with `TEST ·` or `DRILL ·` before it, where it is one."""
    return f"{TEST if is_test else ''}{DRILL if is_drill else ''}{text}"
