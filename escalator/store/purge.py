"""Deletes content past its retention: never of open incidents or under legal hold."""

import json
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update
from uuid6 import uuid7

from escalator.model.audit import SYSTEM, AuditAction
from escalator.model.incident import CLOSED_STATES, State
from escalator.store.events import EventState
from escalator.store.tables import audit_records, events, incidents, notes, sandbox_inbox

BATCH = 200


def purge_content(connection: Connection, now: datetime, retain: timedelta) -> int:
    """Delete the content of incidents closed (logged ones: last event) before that; return how many."""
    before = now - retain
    ids = list(
        connection.scalars(
            select(incidents.c.id)
            .where(_is_past(before), incidents.c.sealed_content.is_not(None))
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
    )
    if ids:
        connection.execute(
            update(incidents)
            .where(incidents.c.id.in_(ids))
            .values(sealed_content=None, sealed_facts=None, grouping_key=None)
        )
        connection.execute(update(events).where(events.c.incident_id.in_(ids)).values(sealed_body=None))
        connection.execute(update(notes).where(notes.c.incident_id.in_(ids)).values(sealed_body=None))
        connection.execute(
            update(sandbox_inbox).where(sandbox_inbox.c.incident_id.in_(ids)).values(sealed_payload=None)
        )
        connection.execute(
            audit_records.insert(),
            [
                {
                    "id": uuid7(),
                    "recorded_at": now,
                    "incident_id": incident_id,
                    "actor_kind": SYSTEM.kind,
                    "actor_key": SYSTEM.key,
                    "action": AuditAction.CONTENT_PURGED.value,
                    "via": "engine",
                    "reason": "retention",
                    "before": json.dumps({}),
                    "after": json.dumps({}),
                }
                for incident_id in ids
            ],
        )
    _late_notes(connection, before)
    _stray_events(connection, before)
    return len(ids)


def _is_past(before: datetime) -> ColumnElement[bool]:
    """Incidents that have been over since then, and are not on hold."""
    closed = and_(incidents.c.state.in_(CLOSED_STATES), incidents.c.closed_at < before)
    logged = and_(incidents.c.state == State.LOGGED, incidents.c.last_event_at < before)
    return and_(or_(closed, logged), incidents.c.has_legal_hold.is_(False))


def _late_notes(connection: Connection, before: datetime) -> None:
    """Empty notes written after their incident's content was deleted, once they are as old themselves."""
    purged = select(incidents.c.id).where(_is_past(before), incidents.c.sealed_content.is_(None))
    late = and_(notes.c.created_at < before, notes.c.sealed_body.is_not(None), notes.c.incident_id.in_(purged))
    connection.execute(update(notes).where(late).values(sealed_body=None))


def _stray_events(connection: Connection, before: datetime) -> None:
    """Delete the bodies of events that belong to no incident, and old sandbox messages about none."""
    stray = and_(
        events.c.incident_id.is_(None),
        events.c.received_at < before,
        events.c.state != EventState.NEW,
        events.c.sealed_body.is_not(None),
    )
    connection.execute(update(events).where(stray).values(sealed_body=None))
    connection.execute(
        delete(sandbox_inbox).where(sandbox_inbox.c.incident_id.is_(None), sandbox_inbox.c.created_at < before)
    )
