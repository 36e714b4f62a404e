"""The weekly review, to be read on a screen and on paper."""

from datetime import datetime

from flask import Blueprint, abort, g, redirect, render_template
from werkzeug.wrappers import Response

from escalator.services.core.context import Core
from escalator.services.reports.weekly_review import SHOWN, Week, name_of, review, week_of
from web.dashboard.audit_entry import dated, said, title
from web.session import running, viewer


def add(door: Blueprint, core: Core) -> None:
    """Add the page, and the way to this week's."""

    @door.get("/audit/week")
    def this_week() -> Response:
        return redirect(f"/audit/week/{_now()}")

    @door.get("/audit/week/<name>")
    def week(name: str) -> str:
        asked = _week(name)
        return render_template(
            "dashboard/week.html",
            week=asked,
            is_over=asked.span.until <= g.now,
            has_after=asked.after <= _now(),
            review=review(core, viewer(), running(), asked),
            shown=SHOWN,
            said=said,
            title=title,
            dated=dated,
        )


def _now() -> str:
    local: datetime = g.now.astimezone(running().policy.timezone)
    return name_of(local.date())


def _week(name: str) -> Week:
    try:
        return week_of(name, running().policy.timezone)
    except (ValueError, OverflowError):
        abort(404)
