"""A coverage as the JSON of `coverage --json`."""

from datetime import timedelta
from typing import Any

from escalator.engine.coverage.values import (
    Coverage,
    CoverageHole,
    CoverageInterval,
    CoverageRow,
    ReachedRecipient,
    SingleResponder,
    share_notified_within,
)
from escalator.rendering.timestamps import stamp


def document(found: Coverage) -> dict[str, Any]:
    """Return the JSON object: rows name their intervals by a place in `timelines`, which several may share."""
    timelines = {id(row.intervals): row.intervals for row in found.rows}
    places = {key: place for place, key in enumerate(timelines)}
    return {
        "from": stamp(found.start),
        "to": stamp(found.end),
        "timezone": found.timezone.key,
        "within_s": _seconds(found.target),
        "rows": [_row_document(row, places[id(row.intervals)], found) for row in found.rows],
        "timelines": [[_interval_document(one) for one in line] for line in timelines.values()],
        "holes": [{**_finding_document(one), "longest_s": _seconds(one.longest)} for one in found.holes],
        "single_points": [{**_finding_document(one), "person": one.person} for one in found.singles],
        "rota_gaps": [{"schedule": one.schedule, "from": stamp(one.start), "to": stamp(one.end)} for one in found.gaps],
        "holidays": [
            {"date": one.day.isoformat(), "hours": one.hours, "holidays": one.place} for one in found.holidays
        ],
        "handovers": [
            {"schedule": one.schedule, "at": stamp(one.at), "off": list(one.off), "on": list(one.on)}
            for one in found.handovers
        ],
    }


def _named(row: CoverageRow) -> dict[str, Any]:
    """Return what a row is about: `if` is the route, or the default path, that needs other facts to take it."""
    given = {"route": row.conditional_route, "default": row.is_given_default}
    return {"category": row.category, "severity": row.severity.value, "if": None if row.is_unconditional else given}


def _row_document(row: CoverageRow, timeline: int, found: Coverage) -> dict[str, Any]:
    routes = [
        {"route": one.route, "path": one.path, "from": stamp(one.start), "to": stamp(one.end)} for one in row.stretches
    ]
    share = None if row.is_silent else share_notified_within(tuple(row.intervals_with_steps), found.target)
    return {**_named(row), "silent": row.is_silent, "covered": share, "routes": routes, "timeline": timeline}


def _interval_document(one: CoverageInterval) -> dict[str, Any]:
    return {
        "from": stamp(one.start),
        "to": stamp(one.end),
        "first": _heard_document(one.first) if one.first else None,
        "longest_s": _seconds(one.longest),
        "told_at": stamp(one.at) if one.at else None,
        "responders": [_heard_document(each) for each in one.responders],
        "reached": [_heard_document(each) for each in one.reached],
    }


def _heard_document(one: ReachedRecipient) -> dict[str, Any]:
    place = None if one.is_person else one.who
    person = one.who if one.is_person else None
    return {"person": person, "destination": place, "kind": one.kind.value, "target": one.target}


def _finding_document(one: CoverageHole | SingleResponder) -> dict[str, Any]:
    return {**_named(one.row), "from": stamp(one.start), "to": stamp(one.end)}


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else int(duration.total_seconds())
