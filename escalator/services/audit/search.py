"""Searches the audit log page by page, and exports what was found as a file."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.levels import Role
from escalator.model.policy import Person
from escalator.rendering.csv_export import csv_of
from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.store import audit_log, audit_search
from escalator.store.audit_search import AuditQuery, Position
from escalator.store.visibility import Audience

_BATCH = 1000
_ACTS = tuple(action.value for action in AuditAction)

GROUPS: Mapping[str, tuple[str, ...]] = {
    "acts": tuple(
        action.value
        for action in (
            *(
                AuditAction.ACKNOWLEDGED,
                AuditAction.ANSWERED,
                AuditAction.RELEASED,
                AuditAction.RESOLVED,
                AuditAction.SNOOZED,
            ),
            *(
                AuditAction.HANDED_OVER,
                AuditAction.TAKEN_OVER,
                AuditAction.ESCALATED_NOW,
                AuditAction.STILL_ON_IT,
                AuditAction.REOPENED,
            ),
            *(AuditAction.NOTED, AuditAction.REFUSED, AuditAction.HELD, AuditAction.HOLD_LIFTED),
        )
    ),
    "reveals": (AuditAction.REVEALED.value, AuditAction.EVENT_READ.value),
    "steps": tuple(action for action in _ACTS if action.startswith(("step.", "target."))),
    "deliveries": tuple(action for action in _ACTS if action.startswith("delivery.")),
    "silences": tuple(action for action in _ACTS if action.startswith("silence.")),
    "drills": tuple(action for action in _ACTS if action.startswith("drill.")),
    "policy": tuple(action for action in _ACTS if action.startswith("policy.")),
    "access": tuple(action for action in _ACTS if action.startswith(("person.", "token.", "audit."))),
    "duty": tuple(action for action in _ACTS if action.startswith(("shift.", "override."))),
    "troubles": tuple(action for action in _ACTS if action.startswith("trouble.")),
}
"""Actions that are searched together, by the word for them."""

COLUMNS = (
    *("seq", "at", "incident", "number", "action", "actor_kind", "actor_key", "via", "reason"),
    *("before", "after", "policy_version", "prev_hash", "hash"),
)
"""The columns of a CSV: the fields of a JSON line, and the incident's number."""


class ExportFormat(StrEnum):
    """The format of a file."""

    CSV = "csv"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of results. `newer` and `older`: whether there is more in that direction."""

    rows: tuple[Row[Any], ...]
    newer: Position | None
    older: Position | None


def search_refusal(asker: Person, search: AuditQuery) -> str:
    """Return why somebody may not run this search, in words; empty when they may.

    Only seniors, admins and auditors may see what another person does all day.
    """
    if search.actor in {None, asker.key} or asker.role >= Role.SENIOR or asker.role is Role.AUDITOR:
        return ""
    return "Only seniors, admins and auditors can search by another person. Search by yourself, or by incident."


def actions_named(word: str) -> tuple[str, ...]:
    """Return the actions that a word means: a group's, or one action. Raises ValueError for other words."""
    return GROUPS[word] if word in GROUPS else (AuditAction(word).value,)


def search_page(
    core: Core,
    viewer: Viewer,
    running: RunningPolicy,
    search: AuditQuery,
    *,
    older_than: Position | None = None,
    newer_than: Position | None = None,
    limit: int = audit_search.PAGE,
) -> AuditPage:
    """Return one page of results, newest first, before or after a cursor. Raises Unavailable.

    Call `search_refusal` first.
    """
    with core.database.reading() as connection:
        audience = audience_of(connection, viewer, running.policy)
        if newer_than is not None:
            records = audit_search.page_after(connection, audience, search, newer_than, limit + 1)
            rows = tuple(reversed(records[:limit]))
            return AuditPage(rows, _first(rows) if len(records) > limit else None, _last(rows))
        records = audit_search.page_before(connection, audience, search, older_than, limit + 1)
    rows = tuple(records[:limit])
    return AuditPage(rows, _first(rows) if older_than else None, _last(rows) if len(records) > limit else None)


def encode_cursor(place: Position) -> str:
    """Return a cursor as an address has it."""
    at, record_id = place
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{record_id.hex}"


def decode_cursor(text: str) -> Position:
    """Return the cursor from its text. Raises ValueError."""
    at, _, record_id = text.partition("-")
    return datetime.strptime(at, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC), UUID(hex=record_id)


def export_records(
    core: Core, viewer: Viewer, running: RunningPolicy, search: AuditQuery, form: ExportFormat
) -> Iterator[str]:
    """Record who exports what, then yield it in batches, oldest first. Raises Unavailable.

    It ends with what was written before the export began: the log grows meanwhile, by this export too. Each batch is a
    query of its own, so nothing is held open for a browser that reads slowly. Call `search_refusal` first.
    """
    now = core.clock.now()
    until = min(search.until, now) if search.until else now
    entry = AuditEntry(
        AuditAction.EXPORTED, Actor("person", viewer.person.key), viewer.via, after=describe_search(search, form)
    )
    with core.database.writing() as connection:
        audience = audience_of(connection, viewer, running.policy)
        audit_log.insert(connection, [(entry, running.version)], now)
    return _WRITERS[form](_batches(core, audience, replace(search, until=until)))


def describe_search(search: AuditQuery, form: ExportFormat) -> dict[str, str]:
    """Return the search as the record of an export states it."""
    values = {
        "person": search.actor,
        "number": search.number,
        "category": search.category,
        "actions": " ".join(search.actions),
        "via": search.via,
        "since": search.since.isoformat() if search.since else None,
        "until": search.until.isoformat() if search.until else None,
    }
    return {"form": form.value} | {name: str(value) for name, value in values.items() if value}


def _first(rows: tuple[Row[Any], ...]) -> Position | None:
    return audit_search.position_of(rows[0]) if rows else None


def _last(rows: tuple[Row[Any], ...]) -> Position | None:
    return audit_search.position_of(rows[-1]) if rows else None


def _batches(core: Core, audience: Audience, search: AuditQuery) -> Iterator[list[Row[Any]]]:
    place = None
    while True:
        with core.database.reading() as connection:
            records = audit_search.page_after(connection, audience, search, place, _BATCH)
        if records:
            yield records
        if len(records) < _BATCH:
            return
        place = audit_search.position_of(records[-1])


def _json_lines(batches: Iterable[list[Row[Any]]]) -> Iterator[str]:
    for rows in batches:
        lines = ({**audit_log.export_line(row, row.seq, row.prev_hash), "hash": row.hash} for row in rows)
        yield "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _csv(batches: Iterable[list[Row[Any]]]) -> Iterator[str]:
    yield csv_of([COLUMNS])
    for rows in batches:
        yield csv_of(map(_cells, rows))


def _cells(row: Row[Any]) -> tuple[str, ...]:
    line = audit_log.export_line(row, row.seq, row.prev_hash)
    values = line | {
        "number": row.number,
        "actor_kind": row.actor_kind,
        "actor_key": row.actor_key,
        "before": row.before,
        "after": row.after,
        "hash": row.hash,
    }
    return tuple("" if values[name] is None else str(values[name]) for name in COLUMNS)


_WRITERS: Mapping[ExportFormat, Callable[[Iterable[list[Row[Any]]]], Iterator[str]]] = {
    ExportFormat.CSV: _csv,
    ExportFormat.JSON_LINES: _json_lines,
}
