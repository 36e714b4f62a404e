"""VEVENTs: which of several revisions counts, when an event begins and ends, in which zone, and whom it names.

Everything raises Undefined where the standard leaves the meaning undefined.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from escalator.schedules.ical.lines import Component, Property, Undefined, plain_text
from escalator.schedules.ical.values import DateOrTime, Length, dates_or_times_of, parse_duration
from escalator.schedules.ical.zones import UTC_ZONE, FeedZone

MOST_ATTENDEES = 50
_MAILTO = "mailto:"
_ABSENT = frozenset({"DECLINED", "DELEGATED"})


@dataclass(frozen=True, slots=True)
class Clocks:
    """The zones of a calendar: `zone` returns those that times name; `floating` is for times without a zone.

    `floating` raises Undefined where the calendar names a zone that nothing defines. `own` is the zone of
    X-WR-TIMEZONE: events that recur in UTC recur by its clock, as such calendars mean it.
    """

    zone: Callable[[str], FeedZone]
    floating: Callable[[], FeedZone]
    own: FeedZone | None = None


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A VEVENT, and the zones of its calendar."""

    component: Component
    clocks: Clocks

    @property
    def is_exception(self) -> bool:
        """Whether it is about one instance of a series."""
        return bool(self.component.all("RECURRENCE-ID"))


@dataclass(frozen=True, slots=True)
class EventTime:
    """A time as written, and in which zone it counts."""

    stamp: DateOrTime
    zone: FeedZone

    @property
    def instant(self) -> datetime:
        """Return its instant."""
        return self.stamp.instant if self.stamp.is_utc else self.zone.instant(self.stamp.local)

    @property
    def local(self) -> datetime:
        """Return its local time in its zone."""
        return self.zone.local(self.stamp.instant) if self.stamp.is_utc else self.stamp.local


def event_times(property_: Property, clocks: Clocks) -> list[EventTime]:
    """Return the dates or times of a property, each with its zone."""
    return [EventTime(stamp, _zone(stamp, property_, clocks)) for stamp in dates_or_times_of(property_)]


def event_time(component: Component, name: str, clocks: Clocks) -> EventTime | None:
    """Return the one date or time of that name."""
    property_ = component.single(name)
    if property_ is None:
        return None
    times = event_times(property_, clocks)
    if len(times) != 1:
        raise Undefined(f"several values of {name}")
    return times[0]


def _zone(stamp: DateOrTime, property_: Property, clocks: Clocks) -> FeedZone:
    if stamp.is_utc:
        return clocks.own or UTC_ZONE
    tzid = property_.parameters.get("TZID")
    return clocks.zone(tzid) if tzid is not None else clocks.floating()


def newest_entry(entries: Sequence[CalendarEntry]) -> CalendarEntry:
    """Return the newest revision (the highest SEQUENCE) of entries about the same event.

    Entries of one revision that differ contradict each other: which of them counts is undefined.
    """
    revisions = {id(entry): _sequence(entry) for entry in entries}
    last = max(revisions.values())
    latest = [entry for entry in entries if revisions[id(entry)] == last]
    if any(entry.component.properties != latest[0].component.properties for entry in latest[1:]):
        raise Undefined("several events of one UID")
    return latest[0]


def _sequence(entry: CalendarEntry) -> int:
    text = entry.component.word("SEQUENCE") or "0"
    if not (text.isascii() and text.isdigit()):
        raise Undefined("a revision without number")
    return int(text)


def start_of(component: Component, clocks: Clocks) -> EventTime:
    """Return when an event begins."""
    start = event_time(component, "DTSTART", clocks)
    if start is None:
        raise Undefined("an event that never begins")
    return start


def length_of(component: Component, start: EventTime, clocks: Clocks) -> Length:
    """Return how long an event lasts (3.6.1): as DTEND says, exactly; as DURATION; else a date is a day."""
    end, lasting = event_time(component, "DTEND", clocks), component.single("DURATION")
    if end is not None and lasting is not None:
        raise Undefined("two ends of one event")
    if lasting is not None:
        length = parse_duration(lasting.value)
        if start.stamp.is_date and length.exact:
            raise Undefined("a part of a whole day")
        return _with_a_day(length, start)
    if end is None:
        return Length(1, timedelta(0)) if start.stamp.is_date else Length(0, timedelta(0))
    return _between(start, end, is_mixed=is_floating(component, "DTEND") != is_floating(component, "DTSTART"))


def _between(start: EventTime, end: EventTime, *, is_mixed: bool) -> Length:
    if start.stamp.is_date != end.stamp.is_date or is_mixed:
        raise Undefined("an end of another kind than its beginning")
    if start.stamp.is_date:
        length = Length((end.stamp.local - start.stamp.local).days, timedelta(0))
    else:
        length = Length(0, end.instant - start.instant)
    if length.days < 0 or length.exact < timedelta(0):
        raise Undefined("an end before the beginning")
    return _with_a_day(length, start)


def _with_a_day(length: Length, start: EventTime) -> Length:
    """Return a length; 0 days is forbidden for dates (3.8.2.2), and some programs mean one day by it."""
    if start.stamp.is_date and not length.days:
        raise Undefined("whole days that are none")
    return length


def exception_instant(about: EventTime, start: EventTime) -> datetime:
    """Return the instant of the instance that an exception is about, in a series that begins at `start`.

    For whole days, Outlook writes the midnight at which one begins (github.com/jens-maus/node-ical/issues/454). Any
    other time is undefined.
    """
    if about.stamp.is_date == start.stamp.is_date:
        return about.instant
    if about.stamp.is_utc or about.stamp.local.time() != time(0):
        raise Undefined("a time that excepts a date")
    return start.zone.instant(about.stamp.local)


def is_floating(component: Component, name: str) -> bool:
    """Whether a time names no zone at all."""
    property_ = component.single(name)
    return property_ is not None and "TZID" not in property_.parameters and not property_.value.endswith(("Z", "z"))


def end_of(start: datetime, zone: FeedZone, length: Length) -> datetime:
    """Return the instant at which something ends that begins at a local time of a zone."""
    days = timedelta(days=length.days)
    return (zone.instant(start + days) + length.exact).astimezone(UTC)


def attendees(component: Component) -> tuple[str, ...]:
    """Return the emails of those who attend: not of the organizer, of who has declined, or is only informed."""
    emails = []
    for attendee in component.all("ATTENDEE")[:MOST_ATTENDEES]:
        is_absent = attendee.parameters.get("PARTSTAT", "").upper() in _ABSENT
        if not is_absent and attendee.parameters.get("ROLE", "").upper() != "NON-PARTICIPANT":
            is_mail = attendee.value.lower().startswith(_MAILTO)
            emails.append(
                attendee.value[len(_MAILTO) :] if is_mail else attendee.parameters.get("EMAIL", attendee.value)
            )
    return tuple(emails)


def summary(component: Component) -> str:
    """Return the summary of an event; empty when it has none."""
    property_ = component.single("SUMMARY")
    return plain_text(property_.value) if property_ else ""
