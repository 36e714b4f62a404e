"""Durations, times, dates, rotations and zones of a policy: each type reads a text, or says what would be right."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar, Unpack
from zoneinfo import ZoneInfo

from escalator.model.schedule import WEEKDAYS, RotationUnit
from escalator.policy.scalars import Options, PolicyValue, Scalar
from escalator.schedules.timezone import zone_named

T = TypeVar("T")

_DURATION = re.compile(r"([0-9]{1,7})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=3650)
_MINUTE = timedelta(minutes=1)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTHDAY = re.compile(r"[1-9]|[12][0-9]|3[01]")
_HOURS = re.compile(r"([1-9][0-9]{0,2})h")
_TURNS = {"daily": RotationUnit.DAYS, "weekly": RotationUnit.WEEKS, "monthly": RotationUnit.MONTHS}


class Duration(Scalar[timedelta]):
    """`90s`, `5m`, `4h`, `30d`; more than 0."""

    right = "write a duration above zero such as 90s, 5m, 4h or 30d"
    least = timedelta(seconds=1)

    def _typed(self, text: str) -> timedelta | None:
        match = _DURATION.fullmatch(text)
        if not match:
            return None
        duration = timedelta(**{_UNITS[match[2]]: int(match[1])})
        return duration if self.least <= duration <= _LONGEST else None


class ReconcileInterval(Duration):
    """`60s`: how often Stream's queue is compared with what came by webhook."""

    right = "write a duration of at least 30s such as 60s or 5m, or off"
    least = timedelta(seconds=30)


class WholeMinutes(Duration):
    """`24h`: Stream counts the length of a ban in minutes."""

    right = "write whole minutes such as 30m, 24h or 7d, or forever"

    def _typed(self, text: str) -> timedelta | None:
        lasts = super()._typed(text)
        return lasts if lasts is not None and not lasts % _MINUTE else None


class DurationOr(PolicyValue[timedelta | None]):
    """A duration, or a word that means none."""

    def __init__(self, duration: Duration, word: str, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._duration = duration
        self._word = word
        self.right = duration.right

    def read(self, value: object, name: str) -> timedelta | None:
        """Return the duration; None for the word."""
        return None if value == self._word else self._duration.read(value, name)


class Delay(Duration):
    """A duration that may be 0."""

    right = "write a duration such as 0s, 90s, 5m, 4h or 30d"
    least = timedelta(0)


class TimeOfDay(Scalar[time]):
    """`18:00`."""

    right = "write a time of day such as 09:00"

    def _typed(self, text: str) -> time | None:
        return time.fromisoformat(text) if _TIME.fullmatch(text) else None


class EndOfSpan(TimeOfDay):
    """`18:00`, or `24:00` for the end of the day: the midnight that follows, as `00:00`."""

    right = "write a time of day such as 18:00, or 24:00 for the end of the day"

    def _typed(self, text: str) -> time | None:
        return time(0) if text == "24:00" else super()._typed(text)


class Weekly(Scalar[tuple[int, time]]):
    """`tue 10:00`: the weekday, 0 for Monday, and the time."""

    right = "write a weekday and a time such as mon 09:00"

    def _typed(self, text: str) -> tuple[int, time] | None:
        day, _, at = text.partition(" ")
        return (WEEKDAYS.index(day), time.fromisoformat(at)) if day in WEEKDAYS and _TIME.fullmatch(at) else None


@dataclass(frozen=True, slots=True)
class HandoverRule:
    """When turns change: a time of day, with a weekday (0 is Monday) or a day of the month where one is written."""

    at: time
    weekday: int | None = None
    monthday: int | None = None


class HandoverText(Scalar[HandoverRule]):
    """`mon 09:00`, `1 09:00` (a day of the month), or `09:00`."""

    right = "write a time such as 09:00, with a weekday (mon 09:00) or a day of the month (1 09:00) before it"

    def _typed(self, text: str) -> HandoverRule | None:
        day, _, at = text.rpartition(" ")
        if not _TIME.fullmatch(at):
            return None
        if day in ("", *WEEKDAYS):
            return HandoverRule(time.fromisoformat(at), WEEKDAYS.index(day) if day else None)
        return HandoverRule(time.fromisoformat(at), monthday=int(day)) if _MONTHDAY.fullmatch(day) else None


class Rotation(Scalar[tuple[RotationUnit, int]]):
    """`daily`, `weekly`, `monthly` or a number of hours: what turns are counted in, and how many make one."""

    right = "write daily, weekly, monthly, or hours such as 12h"

    def _typed(self, text: str) -> tuple[RotationUnit, int] | None:
        if text in _TURNS:
            return _TURNS[text], 1
        match = _HOURS.fullmatch(text)
        return (RotationUnit.HOURS, int(match[1])) if match else None


class CalendarDate(Scalar[date]):
    """`2026-01-05`."""

    right = "write a date such as 2026-01-05"

    def _typed(self, text: str) -> date | None:
        return _parsed(date.fromisoformat, text) if _DATE.fullmatch(text) else None


class DateAndTime(Scalar[datetime]):
    """`2026-12-24T00:00`, in the zone of its schedule unless it names an offset."""

    right = "write a date and a time such as 2026-12-24T00:00"

    def _typed(self, text: str) -> datetime | None:
        return _parsed(datetime.fromisoformat, text) if _DATE.match(text) else None


class TimeZone(Scalar[ZoneInfo]):
    """A time zone of the IANA database."""

    right = "write a time zone such as Europe/Madrid or UTC"

    def _typed(self, text: str) -> ZoneInfo | None:
        return zone_named(text)


def _parsed(parse: Callable[[str], T], text: str) -> T | None:
    """Return the result of the parser, or None where it raises ValueError."""
    try:
        return parse(text)
    except ValueError:
        return None
