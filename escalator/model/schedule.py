"""Schedules as values: hours, layers of people who take turns, overrides, and bookings of a calendar.

Naive times are local times of the zone in the same value; `escalator.schedules` converts them to instants.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As the policy spells them; the index is `date.weekday()`."""

NOBODY = ""
"""Instead of a person in a layer: a turn in which the layer puts nobody on call."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the day, `start` to `end` (exclusive; on the next day when not later), on some weekdays.

    A span belongs to the day on which it starts, for `weekdays` and for `holidays` (a country such as `US`, or
    `US-NY`), on which there is none.
    """

    key: str
    start: time
    end: time
    weekdays: frozenset[int]
    timezone: ZoneInfo
    holidays: str | None = None


class RotationUnit(StrEnum):
    """The unit of the length of a turn."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns: the first from `start` (at the time of the handover), the next at each handover.

    A turn lasts `every` hours, one day, one week or one month. `handover` is the time of day; `day` the weekday (0 is
    Monday) of a weekly and the day of the month (1 to 31, the last of a shorter month) of a monthly handover.
    `hours` are those in which the layer puts people on call; None for always.
    """

    people: tuple[str, ...]
    turn: RotationUnit
    start: date
    handover: time
    day: int | None = None
    every: int = 1
    hours: str | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """One person on call instead of others. Naive times are in the schedule's zone."""

    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ManualOverride:
    """An override added by a person, `author`: somebody on a schedule in [start, end), both aware."""

    id: UUID
    schedule: str
    person: str
    start: datetime
    end: datetime
    author: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule. Overrides win over the calendar, the calendar over the layers, later layers over earlier ones.

    `ical` is unexpanded. `people` are on call when nobody else is.
    """

    key: str
    timezone: ZoneInfo
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()
    ical: str | None = None
    people: tuple[str, ...] = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """Return all people of the schedule, in the order of the policy."""
        named = [person for layer in self.layers for person in layer.people]
        return tuple(dict.fromkeys((*named, *(override.person for override in self.overrides), *self.people)))


@dataclass(frozen=True, slots=True)
class Booking:
    """One event of a calendar: people (keys of the policy) who are on call in [start, end), both aware."""

    start: datetime
    end: datetime
    people: tuple[str, ...]


Calendars = Mapping[str, tuple[Booking, ...]]
"""Schedule -> bookings of its calendar, by start; a schedule whose feed has never been read is missing."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on call in [start, end), both aware UTC; nobody when `people` is empty."""

    start: datetime
    end: datetime
    people: tuple[str, ...]
