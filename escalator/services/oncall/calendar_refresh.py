"""Refreshes the calendars of schedules in the background: no request and no decision waits for a feed.

Readers always get a row: the last good copy, expanded anew at each refresh so that its window moves on while the feed
is down; or an empty one when the feed lists nobody: then the people in the schedule itself are on call.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from escalator.encryption import digest
from escalator.errors import ContentLocked, Unavailable
from escalator.lazy_imports import LazyImport
from escalator.model.message import Failed, FailureReason
from escalator.model.schedule import Schedule
from escalator.schedules.calendar import FeedBookings, FeedFlaw, FeedReading, bookings_of, feed_url
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.oncall import calendar_alerts
from escalator.services.oncall.calendar_subprocess import read_in_subprocess
from escalator.store import calendars, jobs
from escalator.store.calendars import CalendarFeed

log = structlog.get_logger(__name__)

_fetching: Any = LazyImport("escalator.services.oncall.calendar_fetch")

EVERY = timedelta(minutes=5)
BEHIND = timedelta(days=7)
AHEAD = timedelta(days=90)
_LEASE = timedelta(minutes=2)
"""Longer than one refresh: a fetch and two readings, each with a time limit."""
_NO_ADDRESS = Failed(FailureReason.NOT_CONFIGURED, "no_address")


@dataclass(frozen=True, slots=True)
class _Task:
    """The feed of one schedule, to refresh now; `before` is its state, if it had this address then."""

    schedule: Schedule
    address: str
    before: CalendarFeed | None


@dataclass(frozen=True, slots=True)
class _FeedResult:
    """The result of a refresh: why the feed is invalid (empty if valid), the last good copy, and its bookings."""

    reason: str
    sealed_feed: bytes | None
    booked: FeedBookings = FeedBookings()


def refresh_calendars(core: Core) -> None:
    """Refresh every due feed that no other process has taken. Raises Unavailable."""
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        known = calendars.all_feeds(connection)
    if running is None:
        return
    having = [schedule for schedule in running.policy.schedules.values() if _address(core, schedule)]
    _forget(core, set(known) - {schedule.key for schedule in having})
    for schedule in having:
        if _task(core, running, schedule, known) is not None:
            _refresh_alone(core, running, schedule)


def _address(core: Core, schedule: Schedule) -> str:
    return core.expand(schedule.ical or "").strip()


def _task(core: Core, running: RunningPolicy, schedule: Schedule, known: Mapping[str, CalendarFeed]) -> _Task | None:
    """Return the task for a schedule's feed; None while it is fresh."""
    address, before = _address(core, schedule), known.get(schedule.key)
    if before is None or before.address_digest != digest(address.encode()):
        return _Task(schedule, address, None)
    is_fresh = before.policy_version_id == running.version and core.clock.now() - before.tried_at < EVERY
    return None if is_fresh else _Task(schedule, address, before)


def _forget(core: Core, schedules: set[str]) -> None:
    if not schedules:
        return
    with core.database.writing() as connection:
        calendars.delete_feeds(connection, schedules)
        calendar_alerts.end_alerts(connection, core.clock.now(), schedules)


def _refresh_alone(core: Core, running: RunningPolicy, schedule: Schedule) -> None:
    """Refresh one feed, unless another process does or did. After an error it is left alone for the lease."""
    job = f"calendar:{digest(schedule.key.encode())[:32]}"
    with core.database.writing() as connection:
        if not jobs.claim_due(connection, job, core.clock.now(), _LEASE):
            return
        task = _task(core, running, schedule, calendars.all_feeds(connection))
    try:
        if task is not None:
            _refresh(core, running, task)
    except Unavailable:
        raise
    except Exception:  # an error in one feed must not stop the others
        log.exception("calendar_failed", schedule=schedule.key)
        return
    with core.database.writing() as connection:
        jobs.make_due(connection, job)


def _refresh(core: Core, running: RunningPolicy, task: _Task) -> None:
    result = _look(core, running, task)
    feed = _stands(task, result.reason, running, core.clock.now())
    log.info("calendar_refreshed", schedule=feed.schedule, reason=feed.reason, bookings=len(result.booked.bookings))
    with core.database.writing() as connection:
        calendars.save(connection, feed, result.sealed_feed, result.booked.bookings)
        calendar_alerts.update_alerts(
            connection, core.settings, running, calendar_alerts.RefreshResult(task.before, feed, result.booked)
        )


def _stands(task: _Task, reason: str, running: RunningPolicy, now: datetime) -> CalendarFeed:
    """Return the state of the feed after a try with this result."""
    new = CalendarFeed(task.schedule.key, digest(task.address.encode()), now, running.version, reason=reason)
    before = task.before
    if not reason:
        return replace(new, fetched_at=now)
    since = (before.failing_since if before else None) or now
    return replace(new, fetched_at=before.fetched_at if before else None, failing_since=since)


def _look(core: Core, running: RunningPolicy, task: _Task) -> _FeedResult:
    """Fetch and read a feed, or else its last good copy. Holds nothing in the database meanwhile."""
    stored = _copy(core, task)
    address = feed_url(task.address)
    feed = _fetching.fetch(address) if address else _NO_ADDRESS
    if isinstance(feed, Failed):
        return _instead(core, running, task, _FeedResult(feed.detail or feed.reason.value, stored))
    reading = _read(core, task.schedule, feed)
    if isinstance(reading, FeedReading):
        return _FeedResult("", core.seal.seal(feed), _booked(core, running, reading))
    result = _FeedResult(reading.value, stored)
    return result if reading.is_nobody else _instead(core, running, task, result)


def _instead(core: Core, running: RunningPolicy, task: _Task, result: _FeedResult) -> _FeedResult:
    """Return it with the last good copy's present bookings: nobody without a copy, or if nothing is left in it."""
    if result.sealed_feed is None:
        return result
    try:
        reading = _read(core, task.schedule, core.seal.open(result.sealed_feed))
    except ContentLocked as error:
        log.warning("calendar_copy_locked", schedule=task.schedule.key, reason=str(error))
        return result
    return replace(result, booked=_booked(core, running, reading)) if isinstance(reading, FeedReading) else result


def _booked(core: Core, running: RunningPolicy, reading: FeedReading) -> FeedBookings:
    return bookings_of(reading, running.policy.people, core.expand, core.clock.now())


def _copy(core: Core, task: _Task) -> bytes | None:
    """Return the sealed last good copy of this address."""
    if task.before is None:
        return None
    with core.database.reading() as connection:
        return calendars.sealed_copy_of(connection, task.schedule.key)


def _read(core: Core, schedule: Schedule, feed: bytes) -> FeedReading | FeedFlaw:
    """Return a feed's content in the present window; a feed without future shifts is EMPTY."""
    now = core.clock.now()
    reading = read_in_subprocess(feed, schedule.timezone, now - BEHIND, now + AHEAD)
    if isinstance(reading, FeedReading) and not any(event.end > now for event in reading.events):
        return FeedFlaw.EMPTY
    return reading
