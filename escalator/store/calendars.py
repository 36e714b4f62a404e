"""What calendars say of who is on call: the last good copy of each, whatever has become of its feed."""

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from escalator.model.policy import Policy
from escalator.model.rota import Booking, Calendars
from escalator.store.tables import calendars

_BOOKINGS = select(calendars.c.schedule, calendars.c.bookings)


def said(connection: Connection, policy: Policy) -> Calendars:
    """Return the bookings of every schedule of the policy that has a calendar which was ever read."""
    wanted = {schedule.key for schedule in policy.schedules.values() if schedule.ical}
    if not wanted:
        return {}
    return {row.schedule: read(row.bookings) for row in connection.execute(_BOOKINGS) if row.schedule in wanted}


def read(text: str) -> tuple[Booking, ...]:
    """Return bookings as they were written."""
    return tuple(
        Booking(datetime.fromisoformat(start), datetime.fromisoformat(end), tuple(people))
        for start, end, people in json.loads(text)
    )


def written(bookings: Iterable[Booking]) -> str:
    """Return bookings as they are kept: instants and the keys of people."""
    return json.dumps([(one.start.isoformat(), one.end.isoformat(), one.people) for one in bookings])
