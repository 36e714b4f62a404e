"""The weekly review, for screen and print."""

from datetime import datetime

from flask import Blueprint, abort, g, redirect, render_template
from werkzeug.wrappers import Response

from escalator.services.core.context import Core
from escalator.services.reports.weekly_review import SHOWN, ReviewWeek, build_review, parse_week, week_name
from web.dashboard.audit_entry import dated, record_sentence, title
from web.session import running_policy, viewer


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the page, and a redirect to it."""

    @blueprint.get("/audit/week")
    def this_week() -> Response:
        return redirect(f"/audit/week/{_now()}")

    @blueprint.get("/audit/week/<name>")
    def week(name: str) -> str:
        requested_week = _week(name)
        return render_template(
            "dashboard/week.html",
            week=requested_week,
            is_over=requested_week.span.until <= g.now,
            has_after=requested_week.after <= _now(),
            review=build_review(core, viewer(), running_policy(), requested_week),
            shown=SHOWN,
            said=record_sentence,
            title=title,
            dated=dated,
        )


def _now() -> str:
    local: datetime = g.now.astimezone(running_policy().policy.timezone)
    return week_name(local.date())


def _week(name: str) -> ReviewWeek:
    try:
        return parse_week(name, running_policy().policy.timezone)
    except (ValueError, OverflowError):
        abort(404)
