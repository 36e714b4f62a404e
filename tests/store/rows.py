"""Rows of incidents and deliveries, written as they are."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert
from uuid6 import uuid7

from escalator.services.core.context import Core
from escalator.store import policies


def an_incident(core: Core, **more: object) -> dict[str, Any]:
    with core.database.reading() as connection:
        version = policies.active_id(connection)
    now = core.clock.now()
    counted = dict.fromkeys(
        ("fence", "restarts", "extensions", "snoozes", "automated_rounds", "reports_at_close", "revision", "step"), 0
    )
    return counted | {
        "id": uuid7(),
        "number": 1001,
        "source": "chat",
        "mode": "sandbox",
        "state": "triggered",
        "severity": "high",
        "severity_reason": "",
        "content_rule": "hide",
        "policy_version_id": version,
        "path": "urgent",
        "acks_needed": 1,
        "round": 1,
        "send_number": 1,
        "due_kind": "step",
        "due_at": now,
        "opened_at": now,
        "has_legal_hold": False,
        **more,
    }


def write(core: Core, table: Any, *rows: dict[str, Any]) -> None:
    for row in rows:
        with core.database.writing() as connection:
            connection.execute(insert(table).values(row))


SILENT = {"due_kind": None, "due_at": None}


def a_delivery(core, incident, **more):
    now = core.clock.now()
    return {
        "id": uuid7(),
        "incident_id": incident["id"],
        "kind": "page",
        "occasion": "step",
        "round": 1,
        "step": 0,
        "send_number": 1,
        "target": "team",
        "destination": "room",
        "address": "#room",
        "channel": "slack",
        "mode": "sandbox",
        "urgency": 3,
        "state": "delivered",
        "created_at": now,
        "next_attempt_at": now,
        "expires_at": now + timedelta(hours=1),
        **more,
    }
