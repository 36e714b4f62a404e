"""Bookings from calendar feeds: the last good copy of each is kept, even if the feed fails."""

import json
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, select

from escalator.model.policy import Policy
from escalator.model.schedule import Booking, Calendars
from escalator.store.tables import calendars
from escalator.store.upserts import upsert

_BOOKINGS = select(calendars.c.schedule, calendars.c.bookings)


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """The status of a schedule's feed, without its content.

    `fetched_at` is the last success, or None; `failing_since` is None while the feed works, and `reason` then empty.
    `policy_version_id` is the version whose people its bookings name.
    """

    schedule: str
    address_digest: str
    tried_at: datetime
    policy_version_id: UUID
    fetched_at: datetime | None = None
    failing_since: datetime | None = None
    reason: str = ""


_FEEDS = select(*(calendars.c[name] for name in CalendarFeed.__dataclass_fields__))


def bookings_of(connection: Connection, policy: Policy) -> Calendars:
    """Return the bookings of every schedule of the policy whose calendar was ever read.

    People who are no longer in the policy are left out.
    """
    keys = {schedule.key for schedule in policy.schedules.values() if schedule.ical}
    if not keys:
        return {}
    rows = connection.execute(_BOOKINGS)
    return {row.schedule: bookings_from_json(row.bookings, policy.people) for row in rows if row.schedule in keys}


def bookings_from_json(text: str, known: Container[str]) -> tuple[Booking, ...]:
    """Return stored bookings, except those of unknown people."""
    return tuple(
        Booking(
            datetime.fromisoformat(start),
            datetime.fromisoformat(end),
            tuple(person for person in people if person in known),
        )
        for start, end, people in json.loads(text)
    )


def bookings_to_json(bookings: Iterable[Booking]) -> str:
    """Return bookings as they are stored: instants and the keys of people."""
    return json.dumps([(booking.start.isoformat(), booking.end.isoformat(), booking.people) for booking in bookings])


def all_feeds(connection: Connection) -> Mapping[str, CalendarFeed]:
    """Return the status of every feed that was ever fetched, by schedule."""
    return {row.schedule: CalendarFeed(**row._mapping) for row in connection.execute(_FEEDS)}


def sealed_copy_of(connection: Connection, schedule: str) -> bytes | None:
    """Return the last good copy of a feed, encrypted, if there is one."""
    sealed: bytes | None = connection.scalar(select(calendars.c.sealed_feed).where(calendars.c.schedule == schedule))
    return sealed


def save(connection: Connection, feed: CalendarFeed, sealed_feed: bytes | None, bookings: Iterable[Booking]) -> None:
    """Store a feed's status, its last good copy, and its bookings."""
    values = {name: getattr(feed, name) for name in CalendarFeed.__dataclass_fields__}
    values |= {"sealed_feed": sealed_feed, "bookings": bookings_to_json(bookings)}
    statement = upsert(connection, calendars).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["schedule"], set_=values))


def delete_feeds(connection: Connection, schedules: Collection[str]) -> None:
    """Delete these schedules' data."""
    connection.execute(delete(calendars).where(calendars.c.schedule.in_(schedules)))
