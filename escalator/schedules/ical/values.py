"""Times, durations and offsets as a feed writes them (RFC 5545, 3.3); what is malformed raises Undefined."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from escalator.schedules.ical.lines import Property, Undefined

_TIME = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_DURATION = re.compile(r"([+-]?)P(?:(\d+)W|(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?)")
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?")


@dataclass(frozen=True, slots=True)
class DateOrTime:
    """A DATE or DATE-TIME as written: a local time (midnight of a date), and whether it is one of UTC."""

    local: datetime
    is_date: bool = False
    is_utc: bool = False

    @property
    def instant(self) -> datetime:
        """Return the instant of a time of UTC."""
        return self.local.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Length:
    """How long something lasts: nominal days (a day of 23 hours is one), then an exact time."""

    days: int
    exact: timedelta


def parse_date_or_time(text: str) -> DateOrTime:
    """Return a date or a time."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise Undefined("no date and no time")
    day, time, zulu = match.groups()
    try:
        if time is None:
            return DateOrTime(datetime.strptime(day, "%Y%m%d"), is_date=True)  # noqa: DTZ007  # a local time
        second = min(int(time[4:]), 59)  # a leap second is one that no clock of ours shows
        local = datetime.strptime(f"{day}{time[:4]}", "%Y%m%d%H%M")  # noqa: DTZ007
    except ValueError as error:
        raise Undefined("no such date or time") from error
    return DateOrTime(local.replace(second=second), is_utc=bool(zulu))


def dates_or_times_of(property_: Property) -> list[DateOrTime]:
    """Return the dates or times of a property, which agree with the type that it names."""
    times = [parse_date_or_time(text) for text in property_.value.split(",")]
    value_type = property_.parameters.get("VALUE", "").upper()
    if value_type not in {"", "DATE", "DATE-TIME"} or any(
        value_type and time.is_date != (value_type == "DATE") for time in times
    ):
        raise Undefined("a value of another type than it says")
    if "TZID" in property_.parameters and any(time.is_date or time.is_utc for time in times):
        raise Undefined("a zone for a date, or for a time of UTC")
    return times


def local_times(property_: Property) -> list[datetime]:
    """Return the times of a property of a zone's definition, which are local ones."""
    times = dates_or_times_of(property_)
    if any(time.is_utc or time.is_date for time in times):
        raise Undefined("a zone that begins at no local time")
    return [time.local for time in times]


def parse_duration(text: str) -> Length:
    """Return a duration, which is positive."""
    match = _DURATION.fullmatch(text.strip().upper())
    if match is None or match[1] == "-" or not any(match.groups()[1:]):
        raise Undefined("no positive duration")
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    return Length(7 * weeks + days, timedelta(hours=hours, minutes=minutes, seconds=seconds))


def parse_utc_offset(property_: Property | None) -> timedelta:
    """Return an offset from UTC."""
    match = _OFFSET.fullmatch(property_.value) if property_ else None
    if match is None:
        raise Undefined("no offset from UTC")
    hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    size = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -size if match[1] == "-" else size
