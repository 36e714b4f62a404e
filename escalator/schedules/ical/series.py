"""The occurrences of the events that share one UID: an event, or a series with exceptions to it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from escalator.schedules.calendar import CalendarEvent
from escalator.schedules.ical.events import (
    CalendarEntry,
    EventTime,
    attendees,
    end_of,
    event_time,
    event_times,
    exception_instant,
    is_floating,
    length_of,
    newest_entry,
    start_of,
    summary,
)
from escalator.schedules.ical.lines import Property, Undefined
from escalator.schedules.ical.rules import RecurrenceRule, holds_start, local_starts, parse_rule
from escalator.schedules.ical.values import Length, parse_date_or_time, parse_duration
from escalator.schedules.ical.zones import FeedZone

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Instance:
    """One instance of a series: its local start, how long it lasts, and whose people it names."""

    local: datetime
    zone: FeedZone
    length: Length
    entry: CalendarEntry


class Series:
    """The events of one UID in [start, end): `unreadable` counts those of which it is undefined when, or who, it is."""

    def __init__(self, entries: Sequence[CalendarEntry], start: datetime, end: datetime) -> None:
        self._start, self._end = start, end
        self._exceptions = [entry for entry in entries if entry.is_exception]
        self._masters = [entry for entry in entries if not entry.is_exception]
        self._size = len(entries)
        self._doubtful: set[date] = set()
        """Days of which it is undefined whether their instances, which have a time, are excepted."""
        self.unreadable = 0

    def events(self) -> Iterator[CalendarEvent]:
        """Yield what is defined of it. What one exception does not say well is lost alone, else all of the series."""
        try:
            found = list(self._instances().values())
            made = [(one, self._event(one)) for one in found]
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  # whatever dateutil makes of it, the next event may be the one that counts
            self.unreadable = self._size
            return
        for _one, event in made:
            if event.start < event.end and event.start < self._end and self._start < event.end:
                yield event

    def _event(self, one: _Instance) -> CalendarEvent:
        starts, component = one.zone.instant(one.local), one.entry.component
        return CalendarEvent(starts, end_of(one.local, one.zone, one.length), attendees(component), summary(component))

    def _instances(self) -> dict[datetime, _Instance]:
        """Return the instances by their instants in the series, exceptions in place of what they are about."""
        if not self._masters:
            exceptions = self._by_instant(None)
            return {at: one for at, entry in exceptions.items() if (one := self._single(entry)) is not None}
        master = newest_entry(self._masters)
        if master.component.word("STATUS") == "CANCELLED":
            return {}
        exceptions = self._by_instant(start_of(master.component, master.clocks))
        found = self._regular(master, exceptions)
        for at, entry in sorted(exceptions.items(), key=lambda pair: pair[0]):
            self._except(found, at, entry)
        return found

    def _by_instant(self, start: EventTime | None) -> dict[datetime, CalendarEntry]:
        """Return the exceptions by the instants of what they are about, in a series that begins at `start`."""
        grouped: dict[datetime, list[CalendarEntry]] = {}
        for entry in self._exceptions:
            about = event_time(entry.component, "RECURRENCE-ID", entry.clocks)
            if about is None:
                continue
            if start is not None and about.stamp.is_date and not start.stamp.is_date:
                self._doubtful.add(about.local.date())
                self.unreadable += 1
            else:
                at = about.instant if start is None else exception_instant(about, start)
                grouped.setdefault(at, []).append(entry)
        return {at: newest_entry(entries) for at, entries in grouped.items()}

    def _single(self, entry: CalendarEntry) -> _Instance | None:
        """Return an entry as it stands, without its recurrence; None when it is cancelled."""
        component, clocks = entry.component, entry.clocks
        if component.has_malformed:
            raise Undefined("a malformed line")
        if component.word("STATUS") == "CANCELLED":
            return None
        start = start_of(component, clocks)
        return _Instance(start.local, start.zone, length_of(component, start, clocks), entry)

    def _except(self, found: dict[datetime, _Instance], at: datetime, entry: CalendarEntry) -> None:
        """Put an exception in the place of the instance that it is about; what is about none is unreadable."""
        regular = found.pop(at, None)
        ranged = _is_ranged(entry)
        try:
            own = self._single(entry)
        except (Undefined, OverflowError):
            if ranged:
                raise
            self.unreadable += 1
            return
        later = {instant: found[instant] for instant in found if ranged and instant > at}
        if own is None:
            for instant in later:
                del found[instant]
        elif regular is None:
            self.unreadable += self._touches(own)
        else:
            shift = own.local - regular.local
            for instant, one in later.items():
                found[instant] = _Instance(one.local + shift, own.zone, own.length, entry)
            found[at] = own

    def _touches(self, one: _Instance) -> bool:
        """Whether an instance is of this span of time."""
        return one.zone.instant(one.local) < self._end and self._start < end_of(one.local, one.zone, one.length)

    def _regular(self, master: CalendarEntry, exceptions: Iterable[datetime]) -> dict[datetime, _Instance]:
        """Return the instances of a series before any exception, from far enough before the span to behind it."""
        single = self._single(master)
        component, clocks = master.component, master.clocks
        if single is None or component.every("EXRULE"):
            raise Undefined("a rule that the standard has no more")
        start = start_of(component, clocks)
        instances = [single, *self._additional(master, start, single)]
        written = component.one("RRULE")
        if written is not None:
            instances += self._recurring(written, start, single, exceptions)
        gone = self._gone(master, start)
        found = ((one.zone.instant(one.local), one) for one in instances)
        return {at: one for at, one in found if at not in gone and not self._is_doubtful(one)}

    def _gone(self, master: CalendarEntry, start: EventTime) -> set[datetime]:
        """Return the instants that EXDATE excepts; a date among times makes its day doubtful."""
        gone = set()
        for exdate in master.component.every("EXDATE"):
            for one in event_times(exdate, master.clocks):
                if one.stamp.is_date and not start.stamp.is_date:
                    self._doubtful.add(one.local.date())
                else:
                    gone.add(exception_instant(one, start))
        return gone

    def _is_doubtful(self, one: _Instance) -> bool:
        is_doubtful = one.local.date() in self._doubtful
        self.unreadable += is_doubtful and self._touches(one)
        return is_doubtful

    def _additional(self, master: CalendarEntry, start: EventTime, single: _Instance) -> Iterator[_Instance]:
        for rdate in master.component.every("RDATE"):
            if rdate.parameters.get("VALUE", "").upper() == "PERIOD":
                yield from (self._period(text, rdate, master) for text in rdate.value.split(","))
            else:
                for one in self._alike(rdate, master, start):
                    yield _Instance(one.local, one.zone, single.length, master)

    def _period(self, text: str, rdate: Property, master: CalendarEntry) -> _Instance:
        first, _, last = text.partition("/")
        (start,) = event_times(_valued(rdate, first), master.clocks)
        if start.stamp.is_date:
            raise Undefined("a period of dates")
        if last[:1].upper() in {"P", "+"}:
            return _Instance(start.local, start.zone, parse_duration(last), master)
        (end,) = event_times(_valued(rdate, last), master.clocks)
        if end.stamp.is_date or end.instant <= start.instant:
            raise Undefined("a period that ends before it begins")
        return _Instance(start.local, start.zone, Length(0, end.instant - start.instant), master)

    def _alike(self, written: Property, master: CalendarEntry, start: EventTime) -> list[EventTime]:
        """Return the dates or times of a property, which are of the kind of the series' start."""
        found = event_times(written, master.clocks)
        if any(one.stamp.is_date != start.stamp.is_date for one in found):
            raise Undefined("dates of a series of times, or the other way round")
        return found

    def _recurring(
        self, written: Property, start: EventTime, single: _Instance, exceptions: Iterable[datetime]
    ) -> Iterator[_Instance]:
        rule = parse_rule(written.value, is_date=start.stamp.is_date)
        if not holds_start(rule, start.local):
            raise Undefined("a start that its rule does not hold")
        longest = timedelta(days=single.length.days + 1) + single.length.exact
        after = min([self._start - longest, *exceptions]) - _A_DAY
        last = start.zone.local(max([self._end, *exceptions])) + _A_DAY
        sure, possible = _until(rule, start, is_floating=is_floating(single.entry.component, "DTSTART")) or (last, last)
        for local in local_starts(rule, single.local, start.zone.local(after), min(last, possible)):
            one = _Instance(local, start.zone, single.length, single.entry)
            if local <= sure:
                yield one
            else:
                self.unreadable += self._touches(one)


def _until(rule: RecurrenceRule, start: EventTime, *, is_floating: bool) -> tuple[datetime, datetime] | None:
    """Return the local times up to which a rule surely, and possibly, goes: one where its UNTIL is of the right type.

    A date as the end of times, a local time as the end of what has a zone, a time as the end of dates: the standard
    forbids them, and each can be read in two ways.
    """
    until = rule.until
    if until is None:
        return None
    if until.is_utc:
        local = start.zone.local(until.instant)
        readings = [local, until.local] if start.stamp.is_date else [local]
    elif until.is_date and not start.stamp.is_date:
        readings = [until.local - _A_DAY, until.local + 2 * _A_DAY]
    elif until.is_date or is_floating:
        readings = [until.local]
    else:
        readings = [until.local, start.zone.local(until.instant)]
    if start.stamp.is_date:
        readings = [datetime.combine(one.date(), start.local.time()) for one in readings]
    return min(readings), max(readings)


def _is_ranged(entry: CalendarEntry) -> bool:
    """Whether an exception is about all later instances too."""
    written = entry.component.one("RECURRENCE-ID")
    range_ = written.parameters.get("RANGE", "").upper() if written else ""
    if range_ not in {"", "THISANDFUTURE"}:
        raise Undefined("a range that the standard has no more")
    return bool(range_)


def _valued(written: Property, value: str) -> Property:
    parameters = {name: said for name, said in written.parameters.items() if name != "VALUE"}
    parse_date_or_time(value)
    return Property(value, parameters)
