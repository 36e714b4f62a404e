"""The text of an iCalendar feed (RFC 5545) -> who it names when.

The text is a stranger's, and a recurrence rule of one line may ask for more than any machine can do: this runs only in
a process with an end of its own (`escalator.services.calendars.apart`), which also bears the memory of the libraries.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import recurring_ical_events
from icalendar import Calendar, Component

from escalator.rota.calendar import Event, Flaw, Reading
from escalator.rota.local import first_instant

MOST_EVENTS = 5_000
MOST_ATTENDEES = 50
_BEGIN, _END = "BEGIN:VCALENDAR", "END:VCALENDAR"
_ZONE = "X-WR-TIMEZONE"
_A_DAY = timedelta(days=1)
_OF_TIME = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
"""Properties without which an event would be at some other time."""


def read(text: str, zone: ZoneInfo, start: datetime, end: datetime) -> Reading | Flaw:
    """Return the events of a feed that touch [start, end), or why it is no calendar to go by.

    `zone` is that of floating times and of whole days, unless the feed names one (X-WR-TIMEZONE). An event that cannot
    be made out is counted and takes no other with it. Takes as long, and as much memory, as the text wants.
    """
    calendars = _calendars(text.lstrip("\ufeff \t\r\n"))
    if not calendars:
        return Flaw.NOT_A_CALENDAR
    standing = [one for one in calendars if str(one.get("METHOD", "")).upper() != "CANCEL"]
    if not standing:
        return Flaw.CANCELLED
    events: list[Event] = []
    unreadable = 0
    for calendar, series in ((one, series) for one in standing for series in _series(one)):
        try:
            events += _occurrences(calendar, series, zone, start, end)
        except Exception:  # noqa: BLE001  # whatever a library makes of it, the next event may be the one that counts
            unreadable += len(series)
        if len(events) > MOST_EVENTS:
            return Flaw.TOO_MUCH
    if unreadable and not events:
        return Flaw.UNREADABLE
    return Reading(tuple(sorted(events, key=lambda event: event.start)), unreadable)


def _calendars(text: str) -> list[Calendar]:
    """Return the calendars that a text is, whole; none when it is something else, or was cut off."""
    if text[: len(_BEGIN)].upper() != _BEGIN or not text.rstrip().upper().endswith(_END):
        return []
    try:
        return Calendar.from_ical(text, multiple=True)
    except Exception:  # noqa: BLE001  # whatever the library makes of a stranger's text, it is not one to go by
        return []


def _series(calendar: Calendar) -> Iterable[list[Component]]:
    """Return the events of a calendar, each with the exceptions to it, which have the same UID."""
    found: dict[object, list[Component]] = defaultdict(list)
    for event in calendar.walk("VEVENT"):
        found[str(event["UID"]) if "UID" in event else id(event)].append(event)
    return found.values()


def _occurrences(
    calendar: Calendar, series: list[Component], zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[Event]:
    """Yield what is left of a series in that span. Raises whatever the libraries do."""
    if any(name in _OF_TIME for event in series for name, _said in event.errors):
        raise ValueError("a time or a rule of it is malformed")
    alone = Calendar()
    own = _zone_of(calendar)
    if own is not None:
        alone.add(_ZONE, own.key)
    for event in series:
        alone.add_component(event)
    # Whole days and floating times are compared as if they were UTC; no zone is further than a day from that.
    for found in recurring_ical_events.of(alone).between(start - _A_DAY, end + _A_DAY):
        begins, ends = (_instant(found[name].dt, own or zone) for name in ("DTSTART", "DTEND"))
        is_off = str(found.get("STATUS", "")).upper() == "CANCELLED"
        if begins < ends and begins < end and start < ends and not is_off:
            yield Event(begins, ends, _attendees(found), str(found.get("SUMMARY", "")))


def _zone_of(calendar: Calendar) -> ZoneInfo | None:
    try:
        return ZoneInfo(str(calendar[_ZONE]).strip()) if _ZONE in calendar else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    """Return the instant of a time with a zone, of a floating one, or of the midnight with which a day begins."""
    if not isinstance(moment, datetime):
        return first_instant(datetime.combine(moment, time.min), zone)
    return first_instant(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def _attendees(event: Component) -> tuple[str, ...]:
    """Return the e-mails of those who attend; who only organises is not one of them."""
    said = event.get("ATTENDEE", [])
    addresses = (str(one).strip() for one in (said if isinstance(said, list) else [said])[:MOST_ATTENDEES])
    return tuple(one[len("mailto:") :] if one.lower().startswith("mailto:") else one for one in addresses)
