"""Zones of a feed: what it defines itself (VTIMEZONE), IANA's names, and those of Windows by CLDR's table."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from escalator.schedules.ical.lines import Component, Undefined, plain_text
from escalator.schedules.ical.rules import local_starts, parse_rule
from escalator.schedules.ical.values import local_times, parse_utc_offset
from escalator.schedules.timezone import zone_named

_FURTHEST = timedelta(days=400)
"""So far beyond the window the changes of a zone are looked for."""


class FeedZone(Protocol):
    """Both directions between naive local times and instants (aware, UTC), as RFC 5545 (3.3.5) defines them.

    A local time that exists twice is the first of the two; one that does not exist has the offset before the gap.
    """

    def instant(self, local: datetime) -> datetime:
        """Return the instant of a local time."""

    def local(self, at: datetime) -> datetime:
        """Return the local time at an instant."""


@dataclass(frozen=True, slots=True)
class KnownZone:
    """A zone of the IANA database."""

    zone: ZoneInfo

    def instant(self, local: datetime) -> datetime:
        """Return the instant of a local time: PEP 495's fold 0 is what the standard asks for."""
        return local.replace(tzinfo=self.zone, fold=0).astimezone(UTC)

    def local(self, at: datetime) -> datetime:
        """Return the local time at an instant."""
        return at.astimezone(self.zone).replace(tzinfo=None, fold=0)


@dataclass(frozen=True, slots=True)
class DefinedZone:
    """A zone that the feed defines: `offsets[i]` holds until `changes[i]`, the last one for ever."""

    changes: tuple[datetime, ...]
    offsets: tuple[timedelta, ...]

    def instant(self, local: datetime) -> datetime:
        """Return the instant of a local time."""
        first = bisect_right(self.changes, local.replace(tzinfo=UTC) - timedelta(days=2))
        for place in range(first, len(self.offsets)):
            at = local.replace(tzinfo=UTC) - self.offsets[place]
            # The first offset under which this time comes before the next change; in a gap, the one before the gap.
            if place == len(self.changes) or at < self.changes[place]:
                return at
            if place + 1 < len(self.offsets):
                after = local.replace(tzinfo=UTC) - self.offsets[place + 1]
                if after < self.changes[place]:
                    return at
        raise Undefined("no offset of the zone holds at this time")

    def local(self, at: datetime) -> datetime:
        """Return the local time at an instant."""
        return (at + self.offsets[bisect_right(self.changes, at)]).replace(tzinfo=None)


UTC_ZONE = KnownZone(ZoneInfo("UTC"))


def zones_of(calendar: Component, until: datetime) -> Callable[[str], FeedZone]:
    """Return what knows the zones of a calendar by their TZID, and raises Undefined for one that nothing defines."""
    defined: dict[str, list[Component]] = {}
    for component in calendar.components("VTIMEZONE"):
        named = component.all("TZID")
        if len(named) == 1:
            defined.setdefault(plain_text(named[0].value), []).append(component)
    known: dict[str, FeedZone] = {}

    def zone(name: str) -> FeedZone:
        if name not in known:
            definitions = defined.get(name, [])
            if any(other != definitions[0] for other in definitions[1:]):
                raise Undefined(f"{len(definitions)} zones of one name")
            known[name] = _defined(definitions[0], until) if definitions else named_zone(name)
        return known[name]

    return zone


def named_zone(name: str) -> KnownZone:
    """Return the zone that IANA or Windows has under this name; raises Undefined when there is none."""
    zone = zone_named(name) or zone_named(_windows().get(name, ""))
    if zone is None:
        raise Undefined("a zone that nothing defines")
    return KnownZone(zone)


@lru_cache(maxsize=1)
def _windows() -> dict[str, str]:
    """Return CLDR's table of Windows' names, from the library that ships it; its import is slow."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415

    return WINDOWS_TO_OLSON


def _defined(component: Component, until: datetime) -> DefinedZone:
    """Return the zone of a VTIMEZONE, exact until a year beyond that instant."""
    observances = [inner for inner in component.inside if inner.name in {"STANDARD", "DAYLIGHT"}]
    onsets = sorted({onset for observance in observances for onset in _onsets(observance, until + _FURTHEST)})
    if not onsets:
        raise Undefined("a zone without a rule")
    _first, before, _after = onsets[0]
    return DefinedZone(tuple(at for at, _, _ in onsets), (before, *(after for _, _, after in onsets)))


def _onsets(observance: Component, until: datetime) -> Iterable[tuple[datetime, timedelta, timedelta]]:
    """Yield when an observance begins, and the offsets before and after.

    Outlook lets them all begin in 1601, whatever the rule: here the start need not be one that the rule holds.
    """
    if observance.has_malformed:
        raise Undefined("a malformed zone")
    start, rule_property = observance.single("DTSTART"), observance.single("RRULE")
    before, after = (parse_utc_offset(observance.single(name)) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
    if start is None:
        raise Undefined("a zone without a beginning")
    (begins,) = local_times(start)
    locals_ = {begins, *(local for rdate in observance.all("RDATE") for local in local_times(rdate))}
    if rule_property is not None:
        rule = parse_rule(rule_property.value, is_date=False)
        last = until.replace(tzinfo=None) + before
        if rule.until is not None:
            last = min(last, rule.until.local + (before if rule.until.is_utc else timedelta(0)))
        locals_ |= set(local_starts(rule, begins, begins, last))
    return ((local.replace(tzinfo=UTC) - before, before, after) for local in locals_)
