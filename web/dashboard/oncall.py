"""Who is on call: now and next, schedules for two weeks, manual overrides, and gaps in coverage."""

from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request

from escalator.engine.coverage.values import GRAVE_FOR_COVERAGE, Coverage
from escalator.engine.oncall import HORIZON
from escalator.model.levels import Role
from escalator.plots.heatmap import coverage_heatmap
from escalator.rendering.coverage import hole_words
from escalator.rendering.oncall_week import monday_of
from escalator.services.core.context import Core
from escalator.services.policies.coverage_cache import CoverageCache, visible_coverage
from escalator.services.views.oncall import oncall_page
from web.dashboard import override_forms
from web.dashboard.override_forms import address, form, form_address
from web.dashboard.template_filters import person as named
from web.dashboard.template_filters import zone
from web.session import running_policy, viewer

_WEEK = timedelta(weeks=1)
_FURTHEST = 53 * _WEEK
_TONES = 8
_MOST_HOLES = 12
_DRAWN_WITHIN_S = 30
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""The picture has its own inline styles, and nothing else."""


@dataclass(frozen=True, slots=True)
class CoverageGapsText:
    """Gaps in coverage as text: the first of them, and how many more there are."""

    lines: tuple[str, ...]
    more: int


def register(door: Blueprint, core: Core) -> None:
    """Add the page, its picture, and the addresses of its forms."""
    shelf = CoverageCache()
    override_forms.register(door, core)

    @door.get("/oncall")
    def oncall() -> str:
        today = g.now.astimezone(zone()).date()
        monday = _monday(request.args.get("week", ""), today)
        return render_template(
            "dashboard/oncall.html",
            board=oncall_page(core, viewer().person, running_policy(), monday, zone()),
            form=form(request.args),
            holes=_holes(shelf.ask(running_policy(), g.now)),
            may_override=viewer().person.role >= Role.MODERATOR,
            today=today,
            horizon=g.now + HORIZON,
            **_weeks(monday, today),
            **_WORDS,
        )

    @door.get("/oncall/coverage.svg")
    def coverage_svg() -> Response:
        try:
            coverage = shelf.ask(running_policy(), g.now).result(_DRAWN_WITHIN_S)
        except NotYet:
            abort(503)
        known = visible_coverage(viewer().person, coverage, running_policy().policy)
        answer = Response(coverage_heatmap(known, running_policy().policy), mimetype="image/svg+xml")
        answer.headers["Content-Security-Policy"] = _SVG_POLICY
        return answer


def _weeks(monday: date, today: date) -> dict[str, Any]:
    return {
        "monday": monday,
        "a_day": timedelta(days=1),
        "earlier": address(week=(monday - _WEEK).isoformat()),
        "later": address(week=(monday + _WEEK).isoformat()),
        "is_this_week": monday == monday_of(today),
    }


def _monday(text: str, today: date) -> date:
    """Return the Monday of the requested week, at most a year away; this week's if the date is invalid."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = today
    return monday_of(min(max(day, today - _FURTHEST), today + _FURTHEST))


def _holes(future: Future[Coverage]) -> CoverageGapsText | None:
    """Return the coverage gaps of severe incidents; None while they are not known yet."""
    if not future.done() or future.exception() is not None:
        return None
    coverage = visible_coverage(viewer().person, future.result(), running_policy().policy)
    grave = [hole for hole in coverage.holes if hole.row.severity in GRAVE_FOR_COVERAGE]
    lines = hole_words(grave, coverage, running_policy().policy)
    return CoverageGapsText(tuple(lines[:_MOST_HOLES]), max(0, len(lines) - _MOST_HOLES))


def _tone(key: str) -> str:
    """Return a person's color class: the same everywhere, by their place in the policy."""
    people = list(running_policy().policy.people)
    return f"tone-{people.index(key) % _TONES}" if key in people else "tone-none"


def _initials(key: str) -> str:
    """Return `AR` for Ana Ruiz."""
    parts = named(key).split()
    return "".join(part[0] for part in (*parts[:1], *parts[1:][-1:])).upper()


def _clock(at: datetime) -> str:
    """Return `09:00`, for use beside a day."""
    return f"{at.astimezone(zone()):%H:%M}"


_WORDS = {"clock": _clock, "tone": _tone, "initials": _initials, "zone": zone, "form_address": form_address}
