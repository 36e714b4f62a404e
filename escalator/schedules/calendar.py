"""What a calendar's feed comes down to: its address, its events, what is wrong with it, and whom its events mean.

Who reads the text of a feed is `escalator.schedules.ical`, in a process of its own: nothing here needs its libraries.
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
"""Schemes that say "subscribe to this" and are asked for over another."""


class FeedFlaw(StrEnum):
    """Why a feed that was fetched is no good copy."""

    NOT_A_CALENDAR = "not_a_calendar"
    UNREADABLE = "unreadable"
    TOO_MUCH = "too_much"
    CANCELLED = "cancelled"
    EMPTY = "empty"

    @property
    def is_said(self) -> bool:
        """Whether it is a calendar, and this is what it says: nobody is on call."""
        return self in {FeedFlaw.CANCELLED, FeedFlaw.EMPTY}


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One occurrence of an event, as the feed has it, in [start, end), both aware UTC. It holds personal data."""

    start: datetime
    end: datetime
    attendees: tuple[str, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class FeedReading:
    """What a feed says of a span of time, by start; `unreadable` counts the events that could not be made out."""

    events: tuple[CalendarEvent, ...]
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class FeedBookings:
    """What a reading means.

    `strangers` counts the events to come that mean nobody who may acknowledge, `unreadable` those not made out.
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
    """Return whom the events of a feed mean: attendees by e-mail, else the summary by e-mail, key or name.

    Attendees whom nobody knows (a room, a list) do not hide a person in the summary. An event means everybody of a
    name that two people share: rather one too many than nobody.
    """
    mailboxes, names = _mailboxes(people, expand), _names(people)
    bookings, strangers = [], 0
    for event in reading.events:
        found = _known(event.attendees, mailboxes)
        found = found or mailboxes.get(_folded(event.summary), ()) or names.get(normalized(event.summary), ())
        if any(people[key].role.may_acknowledge for key in found):
            bookings.append(Booking(event.start, event.end, found))
        elif event.end > now:
            strangers += 1
    return FeedBookings(tuple(bookings), strangers, reading.unreadable)


def _known(attendees: Sequence[str], mailboxes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    found = (key for attendee in attendees for key in mailboxes.get(_folded(attendee), ()))
    return tuple(dict.fromkeys(found))


def _folded(email: str) -> str:
    return email.strip().casefold()


def _mailboxes(people: Mapping[str, Person], expand: Callable[[str], str]) -> Mapping[str, tuple[str, ...]]:
    """Return people by their e-mail, as it is compared."""
    return _grouped((_folded(expand(person.email)), person.key) for person in people.values() if person.email)


def _names(people: Mapping[str, Person]) -> Mapping[str, tuple[str, ...]]:
    """Return people by their keys and names, as they are compared."""
    keys = [(normalized(person.key), person.key) for person in people.values()]
    return _grouped([*keys, *((normalized(person.name), person.key) for person in people.values())])


def _grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, key in pairs:
        if name and key not in found.get(name, ()):
            found[name] = (*found.get(name, ()), key)
    return found
