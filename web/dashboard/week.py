"""The weekly review, to be read on a screen and on paper."""

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template
from sqlalchemy import Row
from werkzeug.wrappers import Response

from escalator.rendering.story import told
from escalator.services.core import Core
from escalator.services.desk.week import SHOWN, Week, name_of, review, week_of
from web.signed_in import running, viewer


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
            said=_said,
            title=_title,
        )


def _now() -> str:
    local: datetime = g.now.astimezone(running().policy.timezone)
    return name_of(local.date())


def _week(name: str) -> Week:
    try:
        return week_of(name, running().policy.timezone)
    except (ValueError, OverflowError):
        abort(404)


def _said(row: Row[Any]) -> str:
    return told(row.action, row.actor_key, row.reason, json.loads(row.after), running().policy)


def _title(key: str | None) -> str:
    """Return what a category is called; its key where the policy does not know it any more."""
    category = running().policy.categories.get(key or "")
    return category.title if category else key or ""
