"""Exposure limits: how many grave incidents somebody has read, and when they are asked to stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from escalator.model.levels import Severity
from escalator.model.policy import Policy
from escalator.schedules.local_time import first_instant

GRAVE_SEVERITIES = frozenset({Severity.HIGH, Severity.CRITICAL})
"""An incident of these severities counts, once a day, however many of its lines somebody reads."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Of how many grave incidents somebody has been shown text today and this week, in their time zone.

    `has_begun_this`: the incident in question is among those of today.
    """

    today: int = 0
    week: int = 0
    has_begun_this: bool = False


@dataclass(frozen=True, slots=True)
class RevealRequest:
    """A request to reveal a text or a picture: what somebody has read before, and whether they insist after they were
    asked to stop.

    `line` is (line, number of lines), None for all of the text; `picture` is (picture, number of pictures).
    """

    burden: Exposure
    line: tuple[int, int] | None = None
    is_insisted: bool = False
    picture: tuple[int, int] | None = None


def day_and_week_start(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when today and when this week began in a zone; a week begins on Monday."""
    day = datetime.combine(now.astimezone(zone).date(), time.min)
    return first_instant(day, zone), first_instant(day - timedelta(days=day.weekday()), zone)


def exposure_of(
    last_read: Mapping[UUID, datetime], now: datetime, zone: ZoneInfo, about: UUID | None = None
) -> Exposure:
    """Return somebody's exposure, given when they last read each grave incident this week."""
    day, week = day_and_week_start(now, zone)
    today = {key for key, at in last_read.items() if at >= day}
    return Exposure(len(today), sum(at >= week for at in last_read.values()), about in today)


def is_at_limit(exposure: Exposure, policy: Policy) -> bool:
    """Whether somebody has reached the daily limit of the policy."""
    return policy.care is not None and exposure.today >= policy.care.reveals_per_day


def is_asked_to_stop(severity: Severity, exposure: Exposure, policy: Policy) -> bool:
    """Whether somebody is asked to stop before they read one more incident; not within one that they have begun."""
    return severity in GRAVE_SEVERITIES and not exposure.has_begun_this and is_at_limit(exposure, policy)
