"""What calendars say of who is on call: the last good copy of each, whatever has become of its feed."""

import json
from collections.abc import Container, Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from escalator.model.policy import Policy
from escalator.model.rota import Booking, Calendars
from escalator.store.tables import calendars

_BOOKINGS = select(calendars.c.schedule, calendars.c.bookings)


def said(connection: Connection, policy: Policy) -> Calendars:
    """Return the bookings of every schedule of the policy that has a calendar which was ever read.

    Whoever has left the policy since is on call no more.
    """
    wanted = {schedule.key for schedule in policy.schedules.values() if schedule.ical}
    if not wanted:
        return {}
    rows = connection.execute(_BOOKINGS)
    return {row.schedule: read(row.bookings, policy.people) for row in rows if row.schedule in wanted}


def read(text: str, known: Container[str]) -> tuple[Booking, ...]:
    """Return bookings as they were written, but for people who are not known."""
    return tuple(
        Booking(
            datetime.fromisoformat(start), datetime.fromisoformat(end), tuple(one for one in people if one in known)
        )
        for start, end, people in json.loads(text)
    )


def written(bookings: Iterable[Booking]) -> str:
    """Return bookings as they are kept: instants and the keys of people."""
    return json.dumps([(one.start.isoformat(), one.end.isoformat(), one.people) for one in bookings])
