"""When a calendar raises an operator alert: at once if it cannot be relied on, later if it is down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from escalator.schedules.calendar import FeedBookings, FeedFlaw
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.policy_store import RunningPolicy
from escalator.settings import Settings
from escalator.store.calendars import CalendarFeed

PATIENCE = timedelta(minutes=15)
_SAYS_NOBODY = frozenset(flaw.value for flaw in FeedFlaw if flaw.is_nobody)
_AT_ONCE = _SAYS_NOBODY | {FeedFlaw.NOT_A_CALENDAR.value}


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """One try to refresh a feed: its state before (None at the first try), its state now, and its bookings."""

    before: CalendarFeed | None
    feed: CalendarFeed
    booked: FeedBookings


def _feed(schedule: str) -> str:
    return f"calendar:{schedule}"


def _names(schedule: str) -> str:
    return f"calendar_names:{schedule}"


def update_alerts(connection: Connection, settings: Settings, running: RunningPolicy, tried: RefreshResult) -> None:
    """Raise or resolve the alerts of a calendar tried just now. They contain no people's names and no addresses."""
    feed, booked = tried.feed, tried.booked
    alerts = OperatorAlerts(connection, feed.tried_at)
    if not feed.reason or _has_grown_worse(tried):
        alerts.resolve(_feed(feed.schedule))
    if feed.reason and _is_alarming(feed):
        alerts.raise_alert(_feed(feed.schedule), _detail(feed), running.policy, settings)
    if booked.strangers or booked.unreadable:
        counted = f"{booked.strangers} future events name nobody in the policy who may acknowledge"
        names = f"the calendar of {feed.schedule}: {counted}, {booked.unreadable} cannot be read"
        alerts.raise_alert(_names(feed.schedule), names, running.policy, settings)
    else:
        alerts.resolve(_names(feed.schedule))


def end_alerts(connection: Connection, now: datetime, schedules: Iterable[str]) -> None:
    """Resolve the alerts of removed calendars."""
    OperatorAlerts(connection, now).resolve(
        *(key for schedule in schedules for key in (_feed(schedule), _names(schedule)))
    )


def _has_grown_worse(tried: RefreshResult) -> bool:
    """Whether a feed that was only down now lists nobody on call: that raises a new alert."""
    before = tried.before.reason if tried.before else ""
    return tried.feed.reason in _SAYS_NOBODY and before not in _SAYS_NOBODY


def _is_alarming(feed: CalendarFeed) -> bool:
    if feed.reason in _AT_ONCE or feed.fetched_at is None or feed.failing_since is None:
        return True
    return feed.tried_at - feed.failing_since >= PATIENCE


def _detail(feed: CalendarFeed) -> str:
    whose = f"the calendar of {feed.schedule}"
    if feed.reason in _SAYS_NOBODY:
        return f"{whose} has no future shifts ({feed.reason}); until it does, the schedule's own people are on call"
    if feed.fetched_at is None:
        return f"{whose} could never be read ({feed.reason}); until it can, the schedule's own people are on call"
    return (
        f"{whose} was last read at {feed.fetched_at:%Y-%m-%d %H:%M} UTC ({feed.reason}); that copy is used until then"
    )
