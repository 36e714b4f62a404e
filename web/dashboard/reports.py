"""Reports: how soon and how many in time alerts were acknowledged and resolved, and message results."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, abort, g, render_template, request
from markupsafe import Markup

from escalator.engine.statistics import AlertStatistics
from escalator.plots.box_plot import duration_bars
from escalator.plots.hours import alerts_by_hour
from escalator.rendering.csv_export import csv_of
from escalator.schedules.local_time import first_instant
from escalator.services.core.context import Core
from escalator.services.reports.figures import DEFAULT, LONGEST, LONGEST_PAGE, Report, ReportPeriod, build_report
from web.dashboard.template_filters import zone
from web.session import running_policy, viewer

_ONE_DAY = timedelta(days=1)
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
"""Beyond these a day could leave the calendar in some zone."""
_HEADINGS = (
    "by", "group", "alerts", "open", "answered", "answered_p50_s", "answered_p90_s", "answered_in_time", "resolved",
    "resolved_p50_s", "resolved_p90_s", "resolved_in_time", "resolved_with_limit", "escalated", "false_alarms",
    "judged",
)  # fmt: skip


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the page and its figures as CSV."""

    @blueprint.get("/reports")
    def reports() -> str:
        report = build_report(core, viewer(), running_policy(), _span(LONGEST_PAGE))
        return render_template(
            "dashboard/reports.html",
            report=report,
            last=report.span.until.astimezone(zone()).date() - _ONE_DAY,
            first=report.span.since.astimezone(zone()).date(),
            groups=_groups(report),
            plots=_plots(report),
        )

    @blueprint.get("/reports.csv")
    def figures() -> Response:
        report = build_report(core, viewer(), running_policy(), _span(LONGEST))
        name = f"report-{report.span.since:%Y-%m-%d}-{report.span.until:%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(_csv(report), mimetype="text/csv", headers=headers)


def _span(longest: timedelta) -> ReportPeriod:
    """Return the requested days, `until` included, in the reader's zone; by default the last four weeks."""
    today = g.now.astimezone(zone()).date()
    last = _day("until", today)
    first = _day("since", last - DEFAULT + _ONE_DAY)
    if first > last or last - first >= longest:
        abort(
            400,
            f"`since` must be at most {longest.days} days before `until`; the CSV covers up to a year",
        )
    return ReportPeriod(_midnight(first), _midnight(last + _ONE_DAY))


def _day(name: str, default: date) -> date:
    try:
        day = date.fromisoformat(request.args[name]) if request.args.get(name) else default
    except ValueError:
        abort(400, f"{name} must be a date such as 2026-01-31")
    return (
        day
        if _FIRST_YEAR <= day.year <= _LAST_YEAR
        else abort(400, f"{name} must be between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    )


def _midnight(day: date) -> datetime:
    return first_instant(datetime.combine(day, time()), zone())


def _groups(report: Report) -> list[tuple[str, dict[str, AlertStatistics]]]:
    return [
        ("category", dict(report.by_category)),
        ("severity", dict(report.by_severity)),
        ("team", dict(report.by_team)),
    ]


def _plots(report: Report) -> dict[str, Markup]:
    """Return the charts; the library that writes them escapes their text."""
    answered = {name: statistics.answered for name, statistics in report.by_category.items()}
    resolved = {name: statistics.resolved for name, statistics in report.by_category.items()}
    return {
        "answered": Markup(duration_bars("Time to acknowledge, by category", answered)),  # noqa: S704
        "resolved": Markup(duration_bars("Time to resolve, by category", resolved)),  # noqa: S704
        "hours": Markup(alerts_by_hour(report.by_hour)),  # noqa: S704
    }


def _csv(report: Report) -> str:
    """Return all figures as CSV, durations in seconds."""
    rows = [("all", "all", report.whole)]
    rows += [
        (grouping, name, statistics) for grouping, groups in _groups(report) for name, statistics in groups.items()
    ]
    rows += [("hour", str(hour), statistics) for hour, statistics in sorted(report.by_hour.items())]
    return csv_of([_HEADINGS, *([grouping, name, *_cells(statistics)] for grouping, name, statistics in rows)])


def _cells(statistics: AlertStatistics) -> Iterator[int | float | str]:
    yield from (statistics.alerts, statistics.open)
    yield from (
        statistics.answered.count,
        _seconds(statistics.answered.p50),
        _seconds(statistics.answered.p90),
        statistics.answered_in_time.part,
    )
    yield from (statistics.resolved.count, _seconds(statistics.resolved.p50), _seconds(statistics.resolved.p90))
    yield from (statistics.resolved_in_time.part, statistics.resolved_in_time.of)
    yield from (statistics.escalated.part, statistics.noise.part, statistics.noise.of)


def _seconds(span: timedelta | None) -> float | str:
    return "" if span is None else round(span.total_seconds(), 3)
