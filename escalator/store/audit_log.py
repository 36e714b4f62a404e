"""The audit log: records are inserted at once and added to the hash chain later, by one process at a time."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, text
from uuid6 import uuid7

from escalator.model.audit import AuditEntry
from escalator.store.tables import audit_chain, audit_records

FIRST_HASH = "0" * 64
_CHAIN_LOCK = 0x7365616C


def insert(connection: Connection, entries: Sequence[tuple[AuditEntry, UUID | None]], at: datetime) -> None:
    """Write records, each with the policy version used for the decision."""
    rows = [
        {
            "id": uuid7(),
            "recorded_at": at,
            "incident_id": entry.incident_id,
            "actor_kind": entry.actor.kind,
            "actor_key": entry.actor.key[:160],
            "action": entry.action.value,
            "via": entry.via,
            "reason": entry.reason[:256],
            "before": json.dumps(dict(entry.before), sort_keys=True),
            "after": json.dumps(dict(entry.after), sort_keys=True),
            "policy_version_id": version,
        }
        for entry, version in entries
    ]
    if rows:
        connection.execute(audit_records.insert(), rows)


def of_incident(connection: Connection, incident_id: UUID) -> list[Row[Any]]:
    """Return an incident's records, oldest first."""
    statement = (
        select(audit_records)
        .where(audit_records.c.incident_id == incident_id)
        .order_by(audit_records.c.recorded_at, audit_records.c.id)
    )
    return list(connection.execute(statement))


def chain_new(connection: Connection, before: datetime, limit: int) -> int:
    """Add to the hash chain up to `limit` unchained records older than `before`; return how many.

    Only one process does this at a time: PostgreSQL uses an advisory lock, SQLite the write lock.
    """
    if connection.dialect.name != "sqlite" and not connection.scalar(
        text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK}
    ):
        return 0
    last = connection.execute(
        select(audit_chain.c.seq, audit_chain.c.hash).order_by(audit_chain.c.seq.desc()).limit(1)
    ).first()
    seq, previous = (last.seq, last.hash) if last else (0, FIRST_HASH)
    unchained = (
        select(audit_records)
        .outerjoin(audit_chain, audit_chain.c.record_id == audit_records.c.id)
        .where(audit_chain.c.record_id.is_(None), audit_records.c.recorded_at < before)
        .order_by(audit_records.c.recorded_at, audit_records.c.id)
        .limit(limit)
    )
    rows = []
    for record in connection.execute(unchained):
        seq += 1
        record_hash = chain_hash(export_line(record, seq, previous))
        rows.append({"seq": seq, "record_id": record.id, "prev_hash": previous, "hash": record_hash})
        previous = record_hash
    if rows:
        connection.execute(audit_chain.insert(), rows)
    return len(rows)


def export_line(record: Row[Any], seq: int | None, prev_hash: str | None) -> dict[str, Any]:
    """Return a record as it is exported, without its hash; an unchained record has no `seq`."""
    return {
        "seq": seq,
        "at": record.recorded_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "incident": str(record.incident_id) if record.incident_id else None,
        "action": record.action,
        "actor": {"kind": record.actor_kind, "key": record.actor_key},
        "via": record.via,
        "reason": record.reason,
        "before": json.loads(record.before),
        "after": json.loads(record.after),
        "policy_version": str(record.policy_version_id) if record.policy_version_id else None,
        "prev_hash": prev_hash,
    }


def chain_hash(exported: dict[str, Any]) -> str:
    """Return the hash of an exported record: SHA-256 over its canonical JSON, the previous hash included."""
    canonical = json.dumps(exported, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def chained_records(connection: Connection, batch: int = 1000, after: int = 0) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield every chained record after this one in order, as (line without hash, stored hash)."""
    while True:
        rows = connection.execute(
            select(audit_records, audit_chain.c.seq, audit_chain.c.prev_hash, audit_chain.c.hash)
            .join(audit_chain, audit_chain.c.record_id == audit_records.c.id)
            .where(audit_chain.c.seq > after)
            .order_by(audit_chain.c.seq)
            .limit(batch)
        ).all()
        for row in rows:
            yield export_line(row, row.seq, row.prev_hash), row.hash
            after = row.seq
        if len(rows) < batch:
            return


def last_seq(connection: Connection) -> int:
    """Return the newest number of the chain, even if its record was deleted."""
    return connection.scalar(select(func.max(audit_chain.c.seq))) or 0


def hash_at(connection: Connection, seq: int) -> str:
    """Return the hash at this number of the chain; the chain's first value if there is none."""
    return connection.scalar(select(audit_chain.c.hash).where(audit_chain.c.seq == seq)) or FIRST_HASH


def count_unchained(connection: Connection) -> int:
    """Return how many records are not chained yet."""
    return (connection.scalar(select(func.count()).select_from(audit_records)) or 0) - (
        connection.scalar(select(func.count()).select_from(audit_chain)) or 0
    )
