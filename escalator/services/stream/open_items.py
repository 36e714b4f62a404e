"""Asks Stream for the items of open incidents that it has not shown for a while: a review may have been lost."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from escalator.channels.stream.review_queue import MOST_ITEMS, is_too_large, with_ids
from escalator.engine.reconciliation import Finding
from escalator.model.audit import AuditAction, AuditEntry
from escalator.model.message import Failed
from escalator.services.stream.queue_reader import QueueReader
from escalator.services.stream.recover_items import Recovery, recover
from escalator.store import audit_log, stream_items
from escalator.stream.recovered import state_of

CONFIRMED_FOR = timedelta(minutes=10)
"""How long an item that Stream has shown is not asked for again."""


def check_open_items(recovery: Recovery, reader: QueueReader) -> Mapping[str, Finding] | Failed:
    """Ask for up to 100 items; return what they meant. Raises Unavailable.

    An item that Stream does not show is not closed: it may be archived, of another team, or not found yet. That is
    recorded once, and it is asked for ever more rarely.
    """
    core, now = recovery.core, recovery.core.clock.now()
    with core.database.reading() as connection:
        due = stream_items.due_for_check(connection, recovery.source, now - CONFIRMED_FOR, now, MOST_ITEMS)
    incident_of = {item.item_id: item.incident_id for item in due}
    return _ask(recovery, reader, list(incident_of), incident_of) if due else {}


def _ask(
    recovery: Recovery, reader: QueueReader, item_ids: Sequence[str], incident_of: Mapping[str, UUID]
) -> Mapping[str, Finding] | Failed:
    page = reader.read(with_ids(item_ids))
    if isinstance(page, Failed):
        if not is_too_large(page):
            return page
        if len(item_ids) == 1:
            _note_absent(recovery, item_ids, incident_of, is_recorded=False)
            return {}
        middle = len(item_ids) // 2
        first = _ask(recovery, reader, item_ids[:middle], incident_of)
        second = first if isinstance(first, Failed) else _ask(recovery, reader, item_ids[middle:], incident_of)
        return second if isinstance(first, Failed) or isinstance(second, Failed) else {**first, **second}
    recovered = recover(recovery, page.items, page.at)
    shown = {state.item_id for state in map(state_of, page.items) if state is not None}
    if not recovery.is_dry:
        with recovery.core.database.writing() as connection:
            stream_items.record_confirmed(connection, recovery.source, shown, recovery.core.clock.now())
        _note_absent(recovery, [item_id for item_id in item_ids if item_id not in shown], incident_of)
    return recovered.findings


def _note_absent(
    recovery: Recovery, item_ids: Sequence[str], incident_of: Mapping[str, UUID], *, is_recorded: bool = True
) -> None:
    """Ask for these items more rarely; the first time, record in the incident that Stream does not show its item."""
    if not item_ids:
        return
    now = recovery.core.clock.now()
    with recovery.core.database.writing() as connection:
        first = stream_items.record_missing(connection, recovery.source, item_ids, now, CONFIRMED_FOR)
        entries = [AuditEntry(AuditAction.NOT_IN_QUEUE, via="stream", incident_id=incident_of[item]) for item in first]
        if is_recorded:
            audit_log.insert(connection, [(entry, None) for entry in entries], now)
