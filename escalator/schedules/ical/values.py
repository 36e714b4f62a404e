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
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise Undefined("no date and no time")
    day, time, zulu = found.groups()
    try:
        if time is None:
            return DateOrTime(datetime.strptime(day, "%Y%m%d"), is_date=True)  # noqa: DTZ007  # a local time
        second = min(int(time[4:]), 59)  # a leap second is one that no clock of ours shows
        local = datetime.strptime(f"{day}{time[:4]}", "%Y%m%d%H%M")  # noqa: DTZ007
    except ValueError as error:
        raise Undefined("no such date or time") from error
    return DateOrTime(local.replace(second=second), is_utc=bool(zulu))


def dates_or_times_of(written: Property) -> list[DateOrTime]:
    """Return the dates or times of a property, which agree with the type that it names."""
    found = [parse_date_or_time(text) for text in written.value.split(",")]
    named = written.parameters.get("VALUE", "").upper()
    if named not in {"", "DATE", "DATE-TIME"} or any(named and one.is_date != (named == "DATE") for one in found):
        raise Undefined("a value of another type than it says")
    if "TZID" in written.parameters and any(one.is_date or one.is_utc for one in found):
        raise Undefined("a zone for a date, or for a time of UTC")
    return found


def local_times(written: Property) -> list[datetime]:
    """Return the times of a property of a zone's definition, which are local ones."""
    found = dates_or_times_of(written)
    if any(one.is_utc or one.is_date for one in found):
        raise Undefined("a zone that begins at no local time")
    return [one.local for one in found]


def parse_duration(text: str) -> Length:
    """Return a duration, which is positive."""
    found = _DURATION.fullmatch(text.strip().upper())
    if found is None or found[1] == "-" or not any(found.groups()[1:]):
        raise Undefined("no positive duration")
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:])
    return Length(7 * weeks + days, timedelta(hours=hours, minutes=minutes, seconds=seconds))


def parse_utc_offset(written: Property | None) -> timedelta:
    """Return an offset from UTC."""
    found = _OFFSET.fullmatch(written.value) if written else None
    if found is None:
        raise Undefined("no offset from UTC")
    hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:])
    size = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -size if found[1] == "-" else size
