"""A year of a busy installation, written straight into PostgreSQL: 100,000 incidents and 1,000,000 records.

`BENCH_INCIDENTS` makes it larger: more years at the same pace, so that each page shows as much as before.
"""

import os
from uuid import UUID

from sqlalchemy import Connection, text

from escalator.encryption import Seal
from escalator.model.facts import Content, Facts
from escalator.store.codec import seal_content, seal_facts

INCIDENTS = int(os.environ.get("BENCH_INCIDENTS", "100000"))
RECORDS_EACH, DELIVERIES_EACH = 10, 3
OPEN = 60
"""So many of the newest still wait for somebody."""

_APART = "interval '315 seconds'"
_ID = (
    "(lpad(to_hex((extract(epoch FROM {at}) * 1000)::bigint), 12, '0') || '7' || substr(md5({seed}), 1, 3) "
    "|| '8' || substr(md5({seed}), 4, 15))::uuid"
)
_INCIDENTS = f"""
INSERT INTO incidents (id, number, source, mode, state, category, severity, severity_reason, content_rule, sealed_facts,
    sealed_content, policy_version_id, route, path, assign, acks_needed, round, step, send_number, owner, due_kind,
    due_at, fence, restarts, extensions, snoozes, automated_rounds, opened_at, waiting_since, last_event_at,
    reports_at_close, acknowledged_at, closed_at, closed_by, outcome, revision, has_legal_hold, matched_categories,
    category_rules_digest, first_acknowledged_at, escalated_at)
SELECT {_ID.format(at="at", seed="'i' || g")}, 1000 + g, 'app', 'production',
    CASE WHEN is_open THEN 'triggered' ELSE 'resolved' END, 'c' || g % 20,
    (ARRAY['low', 'medium', 'high', 'critical'])[1 + g % 4], 'as Stream says', 'hide', :facts, :content, :version,
    'Day ' || g % 20, 'grave', 'team-' || g % 10, 1, 1, 0, 1, CASE WHEN is_open THEN NULL ELSE 'p' || g % 50 END,
    CASE WHEN is_open THEN 'step' END, CASE WHEN is_open THEN now() + interval '1 hour' END,
    1, 0, 0, 0, 0, at, at, at, 0, at + interval '1 second' * (20 + g % 700),
    CASE WHEN NOT is_open THEN at + interval '1 second' * (800 + g % 9000) END,
    CASE WHEN NOT is_open THEN 'p' || g % 50 END,
    CASE WHEN NOT is_open THEN (ARRAY['action_taken', 'no_violation', 'action_taken'])[1 + g % 3] END,
    3, false, 'c' || g % 20, :mark, CASE WHEN NOT is_open THEN at + interval '1 second' * (20 + g % 700) END,
    CASE WHEN g % 5 = 0 THEN at + interval '5 minutes' END
FROM (SELECT g, now() - ({INCIDENTS} - g) * {_APART} AS at, g > {INCIDENTS - OPEN} AS is_open
    FROM generate_series(1, {INCIDENTS}) g) n
"""
_RECORDS = f"""
INSERT INTO audit_records (id, recorded_at, incident_id, actor_kind, actor_key, action, via, reason, before, after,
    policy_version_id)
SELECT {_ID.format(at="at", seed="'r' || number || '-' || k")}, at, id,
    CASE WHEN k IN (5, 7, 8) THEN 'person' ELSE 'system' END,
    CASE WHEN k IN (5, 7, 8) THEN 'p' || number % 50 ELSE 'escalator' END,
    (ARRAY['incident.opened', 'incident.round_started', 'step.fired', 'delivery.delivered', 'delivery.delivered',
        'incident.acknowledged', 'incident.event_joined', 'incident.revealed', 'incident.resolved',
        'delivery.suppressed'])[1 + k],
    CASE WHEN k IN (5, 7, 8) THEN 'dashboard' ELSE 'engine' END, '', '{{}}',
    CASE WHEN k = 2 THEN '{{"late_ms": "7", "sending": "1", "step": "1", "told": "2"}}' ELSE '{{}}' END, :version
FROM (SELECT id, number, k, opened_at + interval '1 second' * k * 20 AS at
    FROM incidents, generate_series(0, {RECORDS_EACH - 1}) k) n
"""
_SEALS = """
INSERT INTO audit_chain (seq, record_id, prev_hash, hash)
SELECT row_number() OVER (ORDER BY recorded_at, id), id, md5('p' || id) || md5('q' || id),
    md5('h' || id) || md5('j' || id)
FROM audit_records
"""
_DELIVERIES = f"""
INSERT INTO deliveries (id, incident_id, kind, occasion, round, step, send_number, target, destination, address,
    channel, mode, urgency, state, attempts, created_at, next_attempt_at, expires_at, claim_number, delivered_at)
SELECT {_ID.format(at="opened_at", seed="'d' || number || '-' || k")}, id, 'page', 'step', 1, 0, 1, 'room',
    'room-' || k, 'C0ROOM' || k, 'slack', 'production', 3, CASE WHEN number % 50 = k THEN 'failed' ELSE 'delivered' END,
    1, opened_at,
    opened_at, opened_at + interval '2 hours', 1, opened_at + interval '1 second'
FROM incidents, generate_series(0, {DELIVERIES_EACH - 1}) k
"""
_TABLES = {"incidents": _INCIDENTS, "audit_records": _RECORDS, "audit_chain": _SEALS, "deliveries": _DELIVERIES}
_FOREIGN_KEYS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = CAST(:table AS regclass) AND contype = 'f'
"""
_OWN_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = CAST(:table AS regclass)
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""


def fill(connection: Connection, version: UUID, mark: str, seal: Seal) -> None:
    """Write the history, judged by the category rules of this mark, and let PostgreSQL learn what it holds.

    The indexes and foreign keys of the large tables are built when they are full, in a fraction of the time.
    """
    sealed = {"facts": seal_facts(Facts(), {}, seal), "content": seal_content(Content(), seal)}
    values = {"version": version, "mark": mark, **sealed}
    connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
    for table, statement in _TABLES.items():
        later = _taken_off(connection, table)
        connection.execute(text(statement), values)
        for rebuilt in later:
            connection.execute(text(rebuilt))
        connection.execute(text(f"ANALYZE {table}"))


def _taken_off(connection: Connection, table: str) -> list[str]:
    """Drop what slows writing down, and return what restores it."""
    keys = connection.execute(text(_FOREIGN_KEYS), {"table": table}).all()
    indexes = connection.execute(text(_OWN_INDEXES), {"table": table}).all()
    for name, _definition in keys:
        connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
    for name, _definition in indexes:
        connection.execute(text(f'DROP INDEX "{name}"'))
    return [
        *(definition for _name, definition in indexes),
        *(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}' for name, definition in keys),
    ]
