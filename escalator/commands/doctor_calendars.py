"""`doctor` on calendars of schedules: when they were read, since when they fail, and who is on call."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from escalator.commands.findings import Finding, Status
from escalator.commands.open_installation import has_database
from escalator.errors import Unavailable
from escalator.model.schedule import Schedule
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.store import calendars
from escalator.store.calendars import CalendarFeed
from escalator.store.schema import is_current

_LATE = timedelta(minutes=15)
_FOLLOWS = "a worker reads it every five minutes; check its log and the address"


def schedules(core: Core) -> Iterator[Finding]:
    """Check every schedule of the active policy with a calendar. Failures also raise an operator alert."""
    try:
        if not has_database(core) or not is_current(core.database):
            return
        with core.database.reading() as connection:
            running = core.policies.running(connection)
            feeds = calendars.all_feeds(connection)
    except Unavailable:
        return
    if running is not None:
        now = core.clock.now()
        for schedule in running.policy.schedules.values():
            if schedule.ical:
                yield _finding(core, running, schedule, feeds.get(schedule.key), now)


def _finding(
    core: Core, running: RunningPolicy, schedule: Schedule, feed: CalendarFeed | None, now: datetime
) -> Finding:
    subject = f"calendar of {schedule.key}"
    on_call = ", ".join(running.roster(now).on_schedule(schedule.key)) or "nobody who may acknowledge"
    if not core.expand(schedule.ical or "").strip():
        return Finding(subject, Status.WARN, f"has no address; on call now: {on_call}", "set it, or remove `ical`")
    if feed is None:
        return Finding(subject, Status.WARN, f"has not been read yet; on call now: {on_call}", _FOLLOWS)
    ahead = sum(1 for booking in running.calendars.get(schedule.key, ()) if booking.end > now)
    read = f"read {_ago(feed.fetched_at, now)}, {ahead} future shifts; on call now: {on_call}"
    if feed.reason:
        failing = f"started failing {_ago(feed.failing_since, now)} ({feed.reason})"
        return Finding(subject, Status.WARN, f"{failing}, {read}", _FOLLOWS)
    if now - feed.tried_at > _LATE:
        return Finding(subject, Status.WARN, read, _FOLLOWS)
    if not running.roster(now).on_schedule(schedule.key):
        return Finding(subject, Status.WARN, read, "add shifts to the calendar, or `people` to the schedule")
    return Finding(subject, Status.OK, read)


def _ago(at: datetime | None, now: datetime) -> str:
    return "never" if at is None else f"{int((now - at).total_seconds()) // 60} min ago"
