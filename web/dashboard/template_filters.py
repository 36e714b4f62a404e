"""Template filters: how instants and keys are shown on a page. Times are in the reader's zone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, g

from escalator.rendering.push_text import words
from escalator.rendering.view import display_name
from web.session import running_policy, viewer

_DAY = timedelta(days=1)
_DAYS_OF_A_WEEK = 7


def add_filters(blueprint: Blueprint) -> None:
    """Add these filters to the templates of a blueprint."""
    for name, filter_ in _FILTERS.items():
        blueprint.add_app_template_filter(filter_, name)


def zone() -> ZoneInfo:
    """Return the reader's zone: their own, else the policy's."""
    if "viewer" not in g:
        return ZoneInfo("UTC")
    return viewer().person.timezone or running_policy().policy.timezone


def at(instant: datetime) -> str:
    """Return `14:03` for today, `25 Nov 14:03` within half a year, `25 Nov 2025` else."""
    local, now = instant.astimezone(zone()), g.now.astimezone(zone())
    if local.date() == now.date():
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b %H:%M}" if abs(now - local) < 180 * _DAY else f"{local.day} {local:%b %Y}"


def moment(instant: datetime) -> str:
    """Return `Mon 09:00` for the coming days, `Mon 7 Dec 09:00` else."""
    local, now = instant.astimezone(zone()), g.now.astimezone(zone())
    is_soon = 0 <= (local.date() - now.date()).days < _DAYS_OF_A_WEEK
    return f"{local:%a %H:%M}" if is_soon else f"{local:%a} {local.day} {local:%b %H:%M}"


def whole(instant: datetime) -> str:
    """Return `Wed 25 Nov 2026 14:03:10 Europe/Madrid`."""
    local = instant.astimezone(zone())
    return f"{local:%a} {local.day} {local:%b %Y %H:%M:%S} {zone().key}"


def iso(instant: datetime) -> str:
    """Return an instant in ISO format."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def person(key: str | None) -> str:
    """Return a person's name, or a substitute for one who is not in the policy."""
    return display_name(key, running_policy().policy)


def duration(span: timedelta | None) -> str:
    """Return `5 min`; a dash for None."""
    return "–" if span is None else words(span)


_FILTERS: dict[str, Callable[..., str]] = {
    "at": at,
    "moment": moment,
    "whole": whole,
    "iso": iso,
    "person": person,
    "duration": duration,
}
