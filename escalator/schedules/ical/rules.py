"""Recurrence rules (RFC 5545, 3.3.10), expanded in local times by dateutil."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dateutil import rrule

from escalator.schedules.ical.lines import Undefined
from escalator.schedules.ical.values import DateOrTime, parse_date_or_time

_FREQUENCIES = {
    "YEARLY": rrule.YEARLY,
    "MONTHLY": rrule.MONTHLY,
    "WEEKLY": rrule.WEEKLY,
    "DAILY": rrule.DAILY,
    "HOURLY": rrule.HOURLY,
    "MINUTELY": rrule.MINUTELY,
    "SECONDLY": rrule.SECONDLY,
}
_STEPS = {
    "WEEKLY": timedelta(weeks=1),
    "DAILY": timedelta(days=1),
    "HOURLY": timedelta(hours=1),
    "MINUTELY": timedelta(minutes=1),
    "SECONDLY": timedelta(seconds=1),
}
"""Frequencies whose later rounds begin at known times, without counting."""

_WEEKDAYS = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), rrule.weekdays, strict=True))
_NUMBERS = {
    "BYSECOND": ("bysecond", 0, 59),
    "BYMINUTE": ("byminute", 0, 59),
    "BYHOUR": ("byhour", 0, 23),
    "BYMONTHDAY": ("bymonthday", -31, 31),
    "BYYEARDAY": ("byyearday", -366, 366),
    "BYWEEKNO": ("byweekno", -53, 53),
    "BYMONTH": ("bymonth", 1, 12),
    "BYSETPOS": ("bysetpos", -366, 366),
}
_OF_TIME = frozenset({"BYSECOND", "BYMINUTE", "BYHOUR"})
_NOT_WITH = {
    "BYMONTHDAY": frozenset({"WEEKLY"}),
    "BYYEARDAY": frozenset({"DAILY", "WEEKLY", "MONTHLY"}),
    "BYWEEKNO": frozenset(_FREQUENCIES) - {"YEARLY"},
}
_OTHERS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"})


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """A rule: its frequency, interval, filters, and its end, if it has one."""

    frequency: str
    interval: int
    filters: dict[str, Any]
    count: int | None = None
    until: DateOrTime | None = None


def parse_rule(text: str, *, is_date: bool) -> RecurrenceRule:
    """Return a rule; raises Undefined for one that the standard does not allow. `is_date`: of whole days."""
    parts = _parts(text)
    frequency = parts.get("FREQ", "")
    if frequency not in _FREQUENCIES or set(parts) - _OTHERS - set(_NUMBERS):
        raise Undefined("a rule of a kind that there is not")
    if is_date and frequency in {"HOURLY", "MINUTELY", "SECONDLY"}:
        raise Undefined("parts of a whole day")
    if is_date:
        parts = {name: value for name, value in parts.items() if name not in _OF_TIME}
    if "COUNT" in parts and "UNTIL" in parts:
        raise Undefined("two ends of one rule")
    filters = {_NUMBERS[name][0]: _numbers(name, parts[name], frequency) for name in _NUMBERS if name in parts}
    if "BYSETPOS" in parts and not any(name.startswith("BY") and name != "BYSETPOS" for name in parts):
        raise Undefined("a place in no set")
    if "BYDAY" in parts:
        filters["byweekday"] = [_weekday(day, frequency, parts) for day in parts["BYDAY"].split(",")]
    if "WKST" in parts:
        filters["wkst"] = _one_of(_WEEKDAYS, parts["WKST"])
    count = _number(parts["COUNT"], 1, 10**6) if "COUNT" in parts else None
    interval = _number(parts.get("INTERVAL", "1"), 1, 10**6)
    return RecurrenceRule(
        frequency, interval, filters, count, parse_date_or_time(parts["UNTIL"]) if "UNTIL" in parts else None
    )


def local_starts(rule: RecurrenceRule, start: datetime, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the local times of a rule that begins at `start`, from `after` to `until` (both inclusive).

    `rule.until` is applied by the caller, who knows the zone.
    """
    filters = dict(rule.filters)
    if "byweekno" in filters and "byweekday" not in filters:
        filters["byweekday"] = [start.weekday()]  # what a rule does not say is said by its start (3.3.10)
    expand = _expansion(rule, filters)
    begins = start if rule.count else _skipped(rule, start, after)
    for local in expand(begins, max(until, begins)):
        if local > until:
            return
        if local >= after:
            yield local


def holds_start(rule: RecurrenceRule, start: datetime) -> bool:
    """Whether a rule includes its own start; its meaning is otherwise undefined (3.8.5.3)."""
    return next(local_starts(rule, start, start, start), None) == start


def _expansion(rule: RecurrenceRule, filters: dict[str, Any]) -> Callable[[datetime, datetime], rrule.rrule]:
    def expand(start: datetime, until: datetime) -> rrule.rrule:
        frequency = _FREQUENCIES[rule.frequency]
        # dateutil takes no count and until together, and what comes after `until` is left to the caller.
        ends = {"count": rule.count} if rule.count else {"until": until}
        return rrule.rrule(frequency, dtstart=start, interval=rule.interval, **ends, **filters)

    return expand


def _skipped(rule: RecurrenceRule, start: datetime, after: datetime) -> datetime:
    """Return a later start of the same rule, not after `after`: it skips whole rounds, so nothing else changes.

    What a rule takes from its start (weekday, time of day) stays the same, as long as rounds do not cut it.
    """
    step = _STEPS.get(rule.frequency)
    if step is None or after <= start:
        return start
    round_ = rule.interval * step
    if rule.frequency == "WEEKLY":
        rounds = (after - start - timedelta(weeks=1)) // round_
    elif rule.frequency == "DAILY":
        rounds = (after - start) // round_
    else:
        # Of what is more frequent, several rounds make a day, and a skip by days keeps what they began with.
        round_ = rule.interval * timedelta(days=1)
        rounds = (after - start) // round_
    return start + max(rounds, 0) * round_


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.strip().upper().rstrip(";").split(";"):
        name, is_part, value = part.partition("=")
        if not is_part or name in parts:
            raise Undefined("a part of a rule that is malformed, or written twice")
        parts[name] = value
    return parts


def _numbers(name: str, text: str, frequency: str) -> list[int]:
    _keyword, minimum, maximum = _NUMBERS[name]
    if frequency in _NOT_WITH.get(name, ()):
        raise Undefined(f"{name} with {frequency}")
    numbers = [_number(number, minimum, maximum) for number in text.split(",")]
    if minimum < 0 and 0 in numbers:
        raise Undefined("a place that there is not")
    return numbers


def _weekday(text: str, frequency: str, parts: dict[str, str]) -> Any:
    day, place = _one_of(_WEEKDAYS, text[-2:]), text[:-2]
    if not place:
        return day
    if frequency not in {"MONTHLY", "YEARLY"} or "BYWEEKNO" in parts:
        raise Undefined("a place among the weekdays of nothing")
    number = _number(place, -53, 53)
    if number == 0:
        raise Undefined("a place that there is not")
    return day(number)


def _number(text: str, minimum: int, maximum: int) -> int:
    digits = text.removeprefix("+").removeprefix("-")
    number = int(text) if digits.isascii() and digits.isdigit() else None
    if number is None or not minimum <= number <= maximum:
        raise Undefined("a number that is none, or out of its bounds")
    return number


def _one_of(known: dict[str, Any], name: str) -> Any:
    if name not in known:
        raise Undefined("a weekday that there is not")
    return known[name]
