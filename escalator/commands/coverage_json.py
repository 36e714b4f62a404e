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
from escalator.rendering.iso_timestamps import stamp


def document(coverage: Coverage) -> dict[str, Any]:
    """Return the JSON object: a row has the index of its intervals in `timelines`, which several rows may share."""
    timelines = {id(row.intervals): row.intervals for row in coverage.rows}
    places = {key: place for place, key in enumerate(timelines)}
    return {
        "from": stamp(coverage.start),
        "to": stamp(coverage.end),
        "timezone": coverage.timezone.key,
        "within_s": _seconds(coverage.target),
        "rows": [_row_document(row, places[id(row.intervals)], coverage) for row in coverage.rows],
        "timelines": [[_interval_document(interval) for interval in line] for line in timelines.values()],
        "holes": [{**_finding_document(hole), "longest_s": _seconds(hole.longest)} for hole in coverage.holes],
        "single_points": [{**_finding_document(single), "person": single.person} for single in coverage.singles],
        "rota_gaps": [
            {"schedule": gap.schedule, "from": stamp(gap.start), "to": stamp(gap.end)} for gap in coverage.gaps
        ],
        "holidays": [
            {"date": holiday.day.isoformat(), "hours": holiday.hours, "holidays": holiday.place}
            for holiday in coverage.holidays
        ],
        "handovers": [
            {
                "schedule": handover.schedule,
                "at": stamp(handover.at),
                "off": list(handover.off),
                "on": list(handover.on),
            }
            for handover in coverage.handovers
        ],
    }


def _named(row: CoverageRow) -> dict[str, Any]:
    """Return category and severity of a row; `if` is the route, or the default path, of a conditional row."""
    condition = {"route": row.conditional_route, "default": row.is_given_default}
    return {"category": row.category, "severity": row.severity.value, "if": None if row.is_unconditional else condition}


def _row_document(row: CoverageRow, timeline: int, coverage: Coverage) -> dict[str, Any]:
    routes = [
        {"route": stretch.route, "path": stretch.path, "from": stamp(stretch.start), "to": stamp(stretch.end)}
        for stretch in row.stretches
    ]
    share = None if row.is_silent else share_notified_within(tuple(row.intervals_with_steps), coverage.target)
    return {**_named(row), "silent": row.is_silent, "covered": share, "routes": routes, "timeline": timeline}


def _interval_document(interval: CoverageInterval) -> dict[str, Any]:
    return {
        "from": stamp(interval.start),
        "to": stamp(interval.end),
        "first": _recipient_document(interval.first) if interval.first else None,
        "longest_s": _seconds(interval.longest),
        "told_at": stamp(interval.at) if interval.at else None,
        "responders": [_recipient_document(recipient) for recipient in interval.responders],
        "reached": [_recipient_document(recipient) for recipient in interval.reached],
    }


def _recipient_document(recipient: ReachedRecipient) -> dict[str, Any]:
    place = None if recipient.is_person else recipient.who
    person = recipient.who if recipient.is_person else None
    return {"person": person, "destination": place, "kind": recipient.kind.value, "target": recipient.target}


def _finding_document(finding: CoverageHole | SingleResponder) -> dict[str, Any]:
    return {**_named(finding.row), "from": stamp(finding.start), "to": stamp(finding.end)}


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else int(duration.total_seconds())
