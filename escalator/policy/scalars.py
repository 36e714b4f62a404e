"""Scalars of a policy: each type reads a text into a typed value, or says what would be right."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Generic, TypedDict, TypeVar, Unpack
from zoneinfo import ZoneInfo

from marshmallow import ValidationError, fields

from escalator.model.email_address import CORRECT_FORM, parse_mailbox
from escalator.model.schedule import WEEKDAYS, RotationUnit
from escalator.policy.placeholders import has_placeholder
from escalator.policy.problems import did_you_mean, quoted
from escalator.policy.targets import target_text
from escalator.policy.web_address import is_web_address
from escalator.schedules.timezone import zone_named

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_DURATION = re.compile(r"([0-9]{1,7})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=3650)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(%?)")
_MONTHDAY = re.compile(r"[1-9]|[12][0-9]|3[01]")
_HOURS = re.compile(r"([1-9][0-9]{0,2})h")
_TURNS = {"daily": RotationUnit.DAYS, "weekly": RotationUnit.WEEKS, "monthly": RotationUnit.MONTHS}
_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Complaint:
    """The message of a ValidationError: what is wrong, and what would be right."""

    what: str
    right: str


def complaint_error(what: str, right: str) -> ValidationError:
    """Return the error with one complaint."""
    return ValidationError([Complaint(what, right)])


class Options(TypedDict, total=False):
    """Options of every value: whether it is required, and how the file spells its key."""

    required: bool
    data_key: str


class PolicyValue(fields.Field[T], Generic[T]):
    """A value of a policy. `right` is the remedy for anything else."""

    right = "write a value"

    def read(self, value: object, name: str) -> T:
        """Return the typed value of `value`, found under `name`; raise ValidationError with every complaint."""
        raise NotImplementedError

    def _deserialize(self, value: object, attr: str | None, data: object, **_: object) -> T:  # noqa: ARG002
        return self.read(value, attr or "")

    def make_error(self, key: str, **_: object) -> ValidationError:
        """Return the error for a value that is missing or empty."""
        return complaint_error("is missing" if key == "required" else "has no value", self.right)


class Scalar(PolicyValue[T]):
    """A value read from one text by `_typed`, which returns None for what is not valid."""

    def read(self, value: object, name: str) -> T:  # noqa: ARG002
        """Return the typed value; raise ValidationError for what is not valid."""
        if not isinstance(value, str):
            raise complaint_error(f"is a {'list' if isinstance(value, list) else 'mapping'}, not one value", self.right)
        typed = self._typed(value)
        if typed is None:
            raise complaint_error(f"{self._shown(value)} is not valid", self._remedy(value))
        return typed

    def _typed(self, text: str) -> T | None:
        raise NotImplementedError

    def _shown(self, text: str) -> str:
        return quoted(text)

    def _remedy(self, text: str) -> str:  # noqa: ARG002
        return self.right


class NonEmptyText(Scalar[str]):
    """A text that is not empty."""

    def __init__(self, right: str = "write a text", **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self.right = right

    def _typed(self, text: str) -> str | None:
        return text if text.strip() else None


class AnyText(NonEmptyText):
    """A text that may be empty, as an api key that switches its source off."""

    def _typed(self, text: str) -> str | None:
        return text.strip()


class MatchingText(NonEmptyText):
    """A text of a certain form."""

    def __init__(self, pattern: str, right: str, **options: Unpack[Options]) -> None:
        super().__init__(right, **options)
        self._pattern = re.compile(pattern)

    def _typed(self, text: str) -> str | None:
        return text if has_placeholder(text) or self._pattern.fullmatch(text) else None


class Address(NonEmptyText):
    """A web address, which may hold a secret: a complaint about it does not repeat it."""

    def __init__(self, **options: Unpack[Options]) -> None:
        super().__init__("write an address that begins with https://", **options)

    def _typed(self, text: str) -> str | None:
        return text if has_placeholder(text) or is_web_address(text) else None

    def _shown(self, text: str) -> str:  # noqa: ARG002
        return "the address"


class MailAddress(NonEmptyText):
    """An email address that an email can reach."""

    def __init__(self, **options: Unpack[Options]) -> None:
        super().__init__(CORRECT_FORM, **options)

    def _typed(self, text: str) -> str | None:
        return text if has_placeholder(text) or parse_mailbox(text) else None


class EnumWord(Scalar[E]):
    """One of the words of an enum."""

    def __init__(self, words: Iterable[E], **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._words = {word.value: word for word in words}
        self.right = f"one of {', '.join(self._words)}"

    def _typed(self, text: str) -> E | None:
        return self._words.get(text)

    def _remedy(self, text: str) -> str:
        return did_you_mean(text.lower(), self._words)


class OneOf(Scalar[str]):
    """One of a few texts."""

    def __init__(self, *words: str, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._words = words
        self.right = f"one of {', '.join(words)}"

    def _typed(self, text: str) -> str | None:
        return text if text in self._words else None

    def _remedy(self, text: str) -> str:
        return did_you_mean(text.lower(), self._words)


class Target(PolicyValue[str]):
    """Whom a step, a route or an alarm means."""

    right = "write a destination, team, team:NAME, person:NAME or schedule:NAME"

    def read(self, value: object, name: str) -> str:  # noqa: ARG002
        """Return the target as one text."""
        target = target_text(value)
        if not target:
            raise complaint_error("names nobody", self.right)
        return target


class TrueOrFalse(Scalar[bool]):
    """Yes or no."""

    right = "write true or false"

    def _typed(self, text: str) -> bool | None:
        return _FLAGS.get(text.lower())


class WholeNumber(Scalar[int]):
    """A whole number, from `least` to `most`."""

    def __init__(self, least: int, most: int, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._range = range(least, most + 1)
        self.right = f"write a whole number from {least} to {most}"

    def _typed(self, text: str) -> int | None:
        number = int(text) if _WHOLE.fullmatch(text) else None
        return number if number in self._range else None


class Number(Scalar[float]):
    """A number from 0 to `most`; a percentage is a hundredth."""

    def __init__(self, most: float, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._most = most
        self.right = f"write a number from 0 to {most:g}"

    def _typed(self, text: str) -> float | None:
        match = _NUMBER.fullmatch(text)
        number = float(match[1]) / (100 if match[2] else 1) if match else None
        return number if number is not None and number <= self._most else None


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
