"""The weekly review: what was sent, received and acted on, what was late and why, what failed, drills."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime, time, timedelta
from statistics import mean
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from escalator.engine.watched_queues import may_view_queue
from escalator.model.audit import AuditAction
from escalator.model.levels import Mode, Severity
from escalator.model.policy import Person, Policy
from escalator.rendering.watched_queues import queue_name
from escalator.schedules.local_time import first_instant
from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.store import weekly_stats as store
from escalator.store.stream_queues import QueueKey, samples_between
from escalator.store.weekly_stats import DrillResult, FailedPages, LateStep, OpenedAlert, Period, SentPage

SLOW = timedelta(minutes=1)
"""A page that takes longer to arrive is late."""
SHOWN = 100
"""How many of each list are shown; of others only the count."""
_FIRST_YEAR, _LAST_YEAR = "2000", "2199"
"""Beyond them the calendar of weeks ends."""
_COUNTED = (
    *(
        AuditAction.ESCALATED_NOW,
        AuditAction.RESTARTED,
        AuditAction.OVERDUE,
        AuditAction.STEP_REACHED_NOBODY,
        AuditAction.STEP_FAILED,
    ),
    *(AuditAction.STEP_SILENCED, AuditAction.AUTOMATION_STOPPED),
)


@dataclass(frozen=True, slots=True)
class ReviewWeek:
    """One ISO week in the policy's zone."""

    monday: date
    span: Period

    @property
    def name(self) -> str:
        """Return `2026-W48`."""
        return week_name(self.monday)

    @property
    def sunday(self) -> date:
        """Return its last day."""
        return self.monday + timedelta(days=6)

    @property
    def before(self) -> str:
        """Return the name of the week before."""
        return week_name(self.monday - timedelta(days=7))

    @property
    def after(self) -> str:
        """Return the name of the week after."""
        return week_name(self.monday + timedelta(days=7))


@dataclass(frozen=True, slots=True)
class SeverityTotals:
    """For the alerts of one severity: how many had a page sent, delivered, and answered."""

    alerts: int
    sent: int
    received: int
    answered: int
    escalated: int


@dataclass(frozen=True, slots=True)
class SlowDelivery:
    """One page that took long, and its incident."""

    number: int
    destination: str
    at: datetime
    took: timedelta


@dataclass(frozen=True, slots=True)
class QueueWeek:
    """How many items one of Stream's queues held at most and on average, by a sample every hour."""

    name: str
    most: int
    average: int


@dataclass(frozen=True, slots=True)
class WeeklyReview:
    """A week's review. Lists are complete; pages show the first entries."""

    sums: Mapping[Severity, SeverityTotals]
    whole: SeverityTotals
    late_steps: Sequence[LateStep]
    slow: Sequence[SlowDelivery]
    unanswered_in_time: Sequence[OpenedAlert]
    failures: Sequence[FailedPages]
    counts: Mapping[AuditAction, int]
    drills: Sequence[DrillResult]
    queues: Sequence[QueueWeek]
    silences: Sequence[Row[Any]]
    policies: Sequence[Row[Any]]
    operator_alerts: Sequence[Row[Any]]


def week_name(day: date) -> str:
    """Return a day's ISO week: `2026-W48`."""
    year, number, _ = day.isocalendar()
    return f"{year:04}-W{number:02}"


def parse_week(name: str, zone: ZoneInfo) -> ReviewWeek:
    """Return the week of this name. Raises ValueError for other text."""
    year, separator, number = name.partition("-W")
    if not (separator and len(year) == 4 and len(number) == 2 and _FIRST_YEAR <= year <= _LAST_YEAR):
        raise ValueError(name)
    monday = date.fromisocalendar(int(year), int(number), 1)
    start, end = (first_instant(datetime.combine(monday + timedelta(days=days), time()), zone) for days in (0, 7))
    return ReviewWeek(monday, Period(start, end))


def build_review(core: Core, viewer: Viewer, running: RunningPolicy, week: ReviewWeek) -> WeeklyReview:
    """Return a week's review, as far as somebody may see it. Raises Unavailable.

    It covers alerts sent to real people; in a sandbox, those of the sandbox.
    """
    span = week.span
    modes = (Mode.SANDBOX,) if viewer.is_sandbox or core.settings.mode is Mode.SANDBOX else (Mode.PRODUCTION,)
    with core.database.reading() as connection:
        audience = audience_of(connection, viewer, running.policy)
        opened = store.opened_alerts(connection, audience, span, modes)
        pages = store.sent_pages(connection, audience, span, modes)
        sums = totals_by_severity(opened, pages)
        return WeeklyReview(
            sums=sums,
            whole=grand_total(sums.values()),
            late_steps=store.late_steps(connection, audience, span),
            slow=slow_deliveries(opened, pages),
            unanswered_in_time=[alert for alert in opened if was_escalated_unanswered(alert)],
            failures=merge_failures(store.failed_pages(connection, audience, span)),
            counts=store.action_counts(connection, audience, span, _COUNTED),
            drills=store.drill_results(connection, audience, span),
            queues=queue_weeks(samples_between(connection, span.since, span.until), viewer.person, running.policy),
            silences=store.silences_in(connection, audience, span),
            policies=store.policy_changes(connection, span),
            operator_alerts=store.operator_alerts_in(connection, span),
        )


def queue_weeks(samples: Mapping[QueueKey, Sequence[int]], reader: Person, policy: Policy) -> list[QueueWeek]:
    """Return the week of each watched queue that somebody may read about, in the order of the policy."""
    return [
        QueueWeek(queue_name(queue.name, source, policy), max(counts), round(mean(counts)))
        for queue in policy.queues
        for source in policy.sources
        if (counts := samples.get(QueueKey(source, queue.name))) and may_view_queue(reader.key, queue, policy)
    ]


def totals_by_severity(opened: Iterable[OpenedAlert], pages: Sequence[SentPage]) -> dict[Severity, SeverityTotals]:
    """Return the sums of each severity, gravest first."""
    reached = {page.incident_id: False for page in pages}
    reached |= {page.incident_id: True for page in pages if page.delivered_at is not None}
    of: dict[Severity, list[OpenedAlert]] = {}
    for alert in opened:
        of.setdefault(alert.severity, []).append(alert)
    return {
        severity: SeverityTotals(
            alerts=len(alerts),
            sent=sum(alert.id in reached for alert in alerts),
            received=sum(reached.get(alert.id, False) for alert in alerts),
            answered=sum(alert.answered_at is not None for alert in alerts),
            escalated=sum(alert.escalated_at is not None for alert in alerts),
        )
        for severity, alerts in sorted(of.items(), reverse=True)
    }


def grand_total(sums: Iterable[SeverityTotals]) -> SeverityTotals:
    """Return the sum of all."""
    return SeverityTotals(
        *(sum(column) for column in zip((0,) * len(fields(SeverityTotals)), *map(astuple, sums), strict=True))
    )


def was_escalated_unanswered(alert: OpenedAlert) -> bool:
    """Whether an alert was escalated beyond its first send before anybody answered."""
    return alert.escalated_at is not None and (alert.answered_at is None or alert.answered_at > alert.escalated_at)


def slow_deliveries(opened: Iterable[OpenedAlert], pages: Iterable[SentPage]) -> list[SlowDelivery]:
    """Return the pages that took too long to arrive, slowest first."""
    numbers = {alert.id: alert.number for alert in opened}
    slow = [
        SlowDelivery(
            numbers[page.incident_id],
            page.destination,
            page.created_at,
            page.delivered_at - page.created_at,
        )
        for page in pages
        if page.delivered_at is not None and page.delivered_at - page.created_at > SLOW and page.incident_id in numbers
    ]
    return sorted(slow, key=lambda delivery: delivery.took, reverse=True)


def merge_failures(failures: Iterable[FailedPages]) -> list[FailedPages]:
    """Merge by destination and reason; most failures first."""
    counted: Counter[tuple[str, str]] = Counter()
    for failure in failures:
        counted[failure.destination, failure.reason] += failure.times
    return [FailedPages(*key, count) for key, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]
