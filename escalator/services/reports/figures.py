"""The figures of a period, as far as somebody may see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from escalator.engine.statistics import (
    AlertStatistics,
    DurationQuantiles,
    alert_statistics,
    duration_quantiles,
    opening_hour_in,
    statistics_by_group,
)
from escalator.model.levels import Mode, Severity
from escalator.rendering.view import spoken, title_of
from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.store import report_stats as store
from escalator.store.report_stats import DestinationTotals

LONGEST_PAGE, LONGEST = timedelta(days=35), timedelta(days=366)
"""The longest period on a page, and in an exported file."""

DEFAULT = timedelta(days=28)
_NOBODY, _WHOLE = "nobody assigned", "all"
_GRAVEST_FIRST = tuple(grade.value for grade in sorted(Severity, key=lambda grade: grade.gravity, reverse=True))


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """The period of a report: alerts opened in [since, until)."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a period, in total and by the groups people ask for, with readable names.

    `own` is how soon the reader answered their own incidents; nobody else's is ever shown.
    """

    span: ReportPeriod
    whole: AlertStatistics
    by_category: Mapping[str, AlertStatistics]
    by_severity: Mapping[str, AlertStatistics]
    by_team: Mapping[str, AlertStatistics]
    by_hour: Mapping[int, AlertStatistics]
    sent: tuple[DestinationTotals, ...]
    own: DurationQuantiles


def build_report(core: Core, viewer: Viewer, running: RunningPolicy, span: ReportPeriod) -> Report:
    """Return the report of a period for somebody. Drills and tests are left out. Raises Unavailable.

    In a sandbox it covers what the sandbox has opened, elsewhere what was sent to real people.
    """
    policy = running.policy
    modes = (Mode.SANDBOX,) if viewer.is_sandbox or core.settings.mode is Mode.SANDBOX else (Mode.PRODUCTION,)
    with core.database.reading() as connection:
        audience = audience_of(connection, viewer, policy)
        alerts = store.alerts(connection, audience, span.since, span.until, modes)
        sent = store.destination_totals(connection, audience, span.since, span.until, modes)
        own = store.acknowledgement_times(connection, audience, viewer.person.key, span.since, span.until)
    zone = viewer.person.timezone or policy.timezone
    title, team = cache(lambda category: title_of(policy.categories.get(category or ""))), cache(_team)
    groupings = (
        lambda _alert: _WHOLE,
        lambda alert: title(alert.category),
        lambda alert: alert.severity,
        lambda alert: team(alert.assign),
        opening_hour_in(zone),
    )
    whole, by_category, by_severity, by_team, by_hour = statistics_by_group(alerts, groupings, policy)
    return Report(
        span=span,
        whole=whole[_WHOLE] if alerts else alert_statistics((), policy),
        by_category=by_category,
        by_severity={grade: by_severity[grade] for grade in _GRAVEST_FIRST if grade in by_severity},
        by_team=by_team,
        by_hour=by_hour,
        sent=tuple(sent),
        own=duration_quantiles(answered - opened for opened, answered in own),
    )


def _team(assign: str | None) -> str:
    return spoken(assign.partition(":")[2] or assign) if assign else _NOBODY
