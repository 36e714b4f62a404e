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
    """The events of one UID in [start, end): `unreadable` counts those whose time or people are undefined."""

    def __init__(self, entries: Sequence[CalendarEntry], start: datetime, end: datetime) -> None:
        self._start, self._end = start, end
        self._exceptions = [entry for entry in entries if entry.is_exception]
        self._masters = [entry for entry in entries if not entry.is_exception]
        self._size = len(entries)
        self._doubtful: set[date] = set()
        """Days of which it is undefined whether their instances, which have a time, are excepted."""
        self.unreadable = 0

    def events(self) -> Iterator[CalendarEvent]:
        """Yield the events that are defined. An undefined exception is left out alone, an undefined series as a
        whole.
        """
        try:
            instances = list(self._instances().values())
            pairs = [(instance, self._event(instance)) for instance in instances]
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  # whatever dateutil makes of it, the next event may be the one that counts
            self.unreadable = self._size
            return
        for _instance, event in pairs:
            if event.start < event.end and event.start < self._end and self._start < event.end:
                yield event

    def _event(self, instance: _Instance) -> CalendarEvent:
        starts, component = instance.zone.instant(instance.local), instance.entry.component
        return CalendarEvent(
            starts, end_of(instance.local, instance.zone, instance.length), attendees(component), summary(component)
        )

    def _instances(self) -> dict[datetime, _Instance]:
        """Return the instances by their instants in the series, exceptions in place of what they are about."""
        if not self._masters:
            exceptions = self._by_instant(None)
            return {at: instance for at, entry in exceptions.items() if (instance := self._single(entry)) is not None}
        master = newest_entry(self._masters)
        if master.component.word("STATUS") == "CANCELLED":
            return {}
        exceptions = self._by_instant(start_of(master.component, master.clocks))
        instances = self._regular(master, exceptions)
        for at, entry in sorted(exceptions.items(), key=lambda pair: pair[0]):
            self._except(instances, at, entry)
        return instances

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
        """Return an entry without its recurrence; None when it is cancelled."""
        component, clocks = entry.component, entry.clocks
        if component.has_malformed:
            raise Undefined("a malformed line")
        if component.word("STATUS") == "CANCELLED":
            return None
        start = start_of(component, clocks)
        return _Instance(start.local, start.zone, length_of(component, start, clocks), entry)

    def _except(self, instances: dict[datetime, _Instance], at: datetime, entry: CalendarEntry) -> None:
        """Replace an instance with its exception; an exception to no instance is unreadable."""
        regular = instances.pop(at, None)
        ranged = _is_ranged(entry)
        try:
            own = self._single(entry)
        except (Undefined, OverflowError):
            if ranged:
                raise
            self.unreadable += 1
            return
        later = {instant: instances[instant] for instant in instances if ranged and instant > at}
        if own is None:
            for instant in later:
                del instances[instant]
        elif regular is None:
            self.unreadable += self._touches(own)
        else:
            shift = own.local - regular.local
            for instant, instance in later.items():
                instances[instant] = _Instance(instance.local + shift, own.zone, own.length, entry)
            instances[at] = own

    def _touches(self, instance: _Instance) -> bool:
        """Whether an instance overlaps this span of time."""
        return instance.zone.instant(instance.local) < self._end and self._start < end_of(
            instance.local, instance.zone, instance.length
        )

    def _regular(self, master: CalendarEntry, exceptions: Iterable[datetime]) -> dict[datetime, _Instance]:
        """Return the instances of a series before exceptions, from far enough before the span to after it."""
        single = self._single(master)
        component, clocks = master.component, master.clocks
        if single is None or component.all("EXRULE"):
            raise Undefined("a rule that the standard has no more")
        start = start_of(component, clocks)
        instances = [single, *self._additional(master, start, single)]
        rule = component.single("RRULE")
        if rule is not None:
            instances += self._recurring(rule, start, single, exceptions)
        excluded = self._excluded_instants(master, start)
        by_instant = ((instance.zone.instant(instance.local), instance) for instance in instances)
        return {at: instance for at, instance in by_instant if at not in excluded and not self._is_doubtful(instance)}

    def _excluded_instants(self, master: CalendarEntry, start: EventTime) -> set[datetime]:
        """Return the instants that EXDATE excepts; a date among times makes its day doubtful."""
        excluded = set()
        for exdate in master.component.all("EXDATE"):
            for time in event_times(exdate, master.clocks):
                if time.stamp.is_date and not start.stamp.is_date:
                    self._doubtful.add(time.local.date())
                else:
                    excluded.add(exception_instant(time, start))
        return excluded

    def _is_doubtful(self, instance: _Instance) -> bool:
        is_doubtful = instance.local.date() in self._doubtful
        self.unreadable += is_doubtful and self._touches(instance)
        return is_doubtful

    def _additional(self, master: CalendarEntry, start: EventTime, single: _Instance) -> Iterator[_Instance]:
        for rdate in master.component.all("RDATE"):
            if rdate.parameters.get("VALUE", "").upper() == "PERIOD":
                yield from (self._period(text, rdate, master) for text in rdate.value.split(","))
            else:
                for time in self._times_like_start(rdate, master, start):
                    yield _Instance(time.local, time.zone, single.length, master)

    def _period(self, text: str, rdate: Property, master: CalendarEntry) -> _Instance:
        first, _, last = text.partition("/")
        (start,) = event_times(_with_value(rdate, first), master.clocks)
        if start.stamp.is_date:
            raise Undefined("a period of dates")
        if last[:1].upper() in {"P", "+"}:
            return _Instance(start.local, start.zone, parse_duration(last), master)
        (end,) = event_times(_with_value(rdate, last), master.clocks)
        if end.stamp.is_date or end.instant <= start.instant:
            raise Undefined("a period that ends before it begins")
        return _Instance(start.local, start.zone, Length(0, end.instant - start.instant), master)

    def _times_like_start(self, property_: Property, master: CalendarEntry, start: EventTime) -> list[EventTime]:
        """Return the dates or times of a property, which are of the kind of the series' start."""
        times = event_times(property_, master.clocks)
        if any(time.stamp.is_date != start.stamp.is_date for time in times):
            raise Undefined("dates of a series of times, or the other way round")
        return times

    def _recurring(
        self, rule_property: Property, start: EventTime, single: _Instance, exceptions: Iterable[datetime]
    ) -> Iterator[_Instance]:
        rule = parse_rule(rule_property.value, is_date=start.stamp.is_date)
        if not holds_start(rule, start.local):
            raise Undefined("a start that its rule does not hold")
        longest = timedelta(days=single.length.days + 1) + single.length.exact
        after = min([self._start - longest, *exceptions]) - _A_DAY
        last = start.zone.local(max([self._end, *exceptions])) + _A_DAY
        sure, possible = _until(rule, start, is_floating=is_floating(single.entry.component, "DTSTART")) or (last, last)
        for local in local_starts(rule, single.local, start.zone.local(after), min(last, possible)):
            instance = _Instance(local, start.zone, single.length, single.entry)
            if local <= sure:
                yield instance
            else:
                self.unreadable += self._touches(instance)


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
        readings = [datetime.combine(date.date(), start.local.time()) for date in readings]
    return min(readings), max(readings)


def _is_ranged(entry: CalendarEntry) -> bool:
    """Whether an exception is about all later instances too."""
    recurrence_id = entry.component.single("RECURRENCE-ID")
    range_ = recurrence_id.parameters.get("RANGE", "").upper() if recurrence_id else ""
    if range_ not in {"", "THISANDFUTURE"}:
        raise Undefined("a range that the standard has no more")
    return bool(range_)


def _with_value(property_: Property, value: str) -> Property:
    parameters = {name: parameter for name, parameter in property_.parameters.items() if name != "VALUE"}
    parse_date_or_time(value)
    return Property(value, parameters)
