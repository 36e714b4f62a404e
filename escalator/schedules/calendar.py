"""Calendar feeds: their address, their events, what is wrong with them, and whom their events mean.

`escalator.schedules.ical` reads the text of a feed, in a process of its own: nothing here needs its libraries.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from escalator.model.facts import normalized
from escalator.model.policy import Person
from escalator.model.schedule import Booking

_SUBSCRIBED = {"webcal": "https", "webcals": "https"}
"""Schemes that mean "subscribe to this", with the scheme to fetch them by."""


class FeedFlaw(StrEnum):
    """Why a fetched feed is not usable."""

    NOT_A_CALENDAR = "not_a_calendar"
    UNREADABLE = "unreadable"
    TOO_MUCH = "too_much"
    CANCELLED = "cancelled"
    EMPTY = "empty"

    @property
    def is_nobody(self) -> bool:
        """Whether it is a calendar, and this is what it says: nobody is on call."""
        return self in {FeedFlaw.CANCELLED, FeedFlaw.EMPTY}


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One occurrence of an event in the feed, in [start, end), both aware UTC. It holds personal data."""

    start: datetime
    end: datetime
    attendees: tuple[str, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class FeedReading:
    """The events of a feed in a span of time, by start; `unreadable` counts those that could not be read."""

    events: tuple[CalendarEvent, ...]
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class FeedBookings:
    """The bookings of a reading.

    `strangers` counts the future events that mean nobody who may acknowledge, `unreadable` those that cannot be read.
    """

    bookings: tuple[Booking, ...] = ()
    strangers: int = 0
    unreadable: int = 0


def feed_url(text: str) -> str | None:
    """Return the http or https address of a feed (`webcal` is https), or None for what is no address."""
    try:
        parts = urlsplit(text.strip())
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    scheme = _SUBSCRIBED.get(parts.scheme, parts.scheme)
    return parts._replace(scheme=scheme).geturl() if scheme in {"http", "https"} and has_host else None


def bookings_of(
    reading: FeedReading, people: Mapping[str, Person], expand: Callable[[str], str], now: datetime
) -> FeedBookings:
    """Return whom the events of a feed mean: attendees by email, else the summary by email, key or name.

    Unknown attendees (a room, a mailing list) do not hide a person in the summary. A name that two people share means
    both.
    """
    mailboxes, names = _mailboxes(people, expand), _names(people)
    bookings, strangers = [], 0
    for event in reading.events:
        people_of_event = _known(event.attendees, mailboxes)
        people_of_event = (
            people_of_event or mailboxes.get(_folded(event.summary), ()) or names.get(normalized(event.summary), ())
        )
        if any(people[key].role.may_acknowledge for key in people_of_event):
            bookings.append(Booking(event.start, event.end, people_of_event))
        elif event.end > now:
            strangers += 1
    return FeedBookings(tuple(bookings), strangers, reading.unreadable)


def _known(attendees: Sequence[str], mailboxes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    keys = (key for attendee in attendees for key in mailboxes.get(_folded(attendee), ()))
    return tuple(dict.fromkeys(keys))


def _folded(email: str) -> str:
    return email.strip().casefold()


def _mailboxes(people: Mapping[str, Person], expand: Callable[[str], str]) -> Mapping[str, tuple[str, ...]]:
    """Return people by their email in comparable form."""
    return _grouped((_folded(expand(person.email)), person.key) for person in people.values() if person.email)


def _names(people: Mapping[str, Person]) -> Mapping[str, tuple[str, ...]]:
    """Return people by their keys and names in comparable form."""
    keys = [(normalized(person.key), person.key) for person in people.values()]
    return _grouped([*keys, *((normalized(person.name), person.key) for person in people.values())])


def _grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for name, key in pairs:
        if name and key not in groups.get(name, ()):
            groups[name] = (*groups.get(name, ()), key)
    return groups
