"""How much grave text people were shown: each sees their own figures, leads see only who reached the limit."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from escalator.engine.exposure_limits import GRAVE_SEVERITIES, Exposure, day_and_week_start, exposure_of, is_at_limit
from escalator.model.policy import Person, Policy
from escalator.store import content_reveals


def person_exposure(
    connection: Connection, person: Person, policy: Policy, now: datetime, about: UUID | None = None
) -> Exposure:
    """Return what one person read today and this week, in their own zone; `about` is the present request."""
    zone = _zone(person, policy)
    _day, week = day_and_week_start(now, zone)
    read = content_reveals.last_revealed(connection, [person.key], week, GRAVE_SEVERITIES)
    return exposure_of(read.get(person.key, {}), now, zone, about)


def people_at_limit(connection: Connection, people: Iterable[Person], policy: Policy, now: datetime) -> frozenset[str]:
    """Return the keys of these people who reached the policy's limit today."""
    zones = {person.key: _zone(person, policy) for person in people}
    if policy.care is None or not zones:
        return frozenset()
    since = min(day_and_week_start(now, zone)[0] for zone in zones.values())
    read = content_reveals.last_revealed(connection, zones, since, GRAVE_SEVERITIES)
    return frozenset(
        key for key, zone in zones.items() if is_at_limit(exposure_of(read.get(key, {}), now, zone), policy)
    )


def _zone(person: Person, policy: Policy) -> ZoneInfo:
    return person.timezone or policy.timezone
