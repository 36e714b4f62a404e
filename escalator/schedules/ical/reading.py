"""Read a whole feed: its calendars, their zones, and their events by UID."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from escalator.schedules.calendar import CalendarEvent, FeedFlaw, FeedReading
from escalator.schedules.ical.events import CalendarEntry, Clocks
from escalator.schedules.ical.lines import Component, Undefined, parse_calendars
from escalator.schedules.ical.series import Series
from escalator.schedules.ical.zones import FeedZone, KnownZone, zones_of

MOST_EVENTS = 5_000
_MARGIN = timedelta(days=2)


def read_feed(feed: bytes, zone: ZoneInfo, start: datetime, end: datetime) -> FeedReading | FeedFlaw:
    """Return the events of a feed that overlap [start, end), or why the feed is not usable.

    `zone` is that of floating times and of whole days, unless the feed names one (X-WR-TIMEZONE): the standard leaves
    it to the reader. An event that cannot be read is counted and does not affect others. Time and memory depend on the
    text and have no limit here.
    """
    calendars = parse_calendars(feed)
    if calendars is None:
        return FeedFlaw.NOT_A_CALENDAR
    active = [calendar for calendar in calendars if not _is_cancelled(calendar)]
    if not active:
        return FeedFlaw.CANCELLED
    events: list[CalendarEvent] = []
    unreadable = 0
    for entries in _by_uid(active, zone, end):
        series = Series(entries, start, end)
        events += series.events()
        unreadable += series.unreadable
        if len(events) > MOST_EVENTS:
            return FeedFlaw.TOO_MUCH
    if unreadable and not events:
        return FeedFlaw.UNREADABLE
    return FeedReading(tuple(sorted(events, key=lambda event: event.start)), unreadable)


def _is_cancelled(calendar: Component) -> bool:
    return any(method.value.strip().upper() == "CANCEL" for method in calendar.all("METHOD"))


def _by_uid(calendars: list[Component], zone: ZoneInfo, end: datetime) -> Iterator[list[CalendarEntry]]:
    """Yield the events of all calendars by UID; each event without one is alone."""
    grouped: dict[object, list[CalendarEntry]] = defaultdict(list)
    for calendar in calendars:
        clocks = _clocks(calendar, zone, end)
        for event in calendar.components("VEVENT"):
            named = event.all("UID")
            grouped[named[0].value if named else id(event)].append(CalendarEntry(event, clocks))
    yield from grouped.values()


def _clocks(calendar: Component, zone: ZoneInfo, end: datetime) -> Clocks:
    known = zones_of(calendar, end + _MARGIN)
    named = calendar.all("X-WR-TIMEZONE")
    own: FeedZone | None = None
    if named:
        try:
            own = known(named[0].value)
        except Undefined:
            return Clocks(known, _no_zone)
    return Clocks(known, lambda: own or KnownZone(zone), own)


def _no_zone() -> FeedZone:
    raise Undefined("the calendar names a zone that nothing defines")
