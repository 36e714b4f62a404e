"""The audit trail: records are inserted as things happen; a sealer chains them afterwards, one at a time."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, text
from uuid6 import uuid7

from escalator.model.audit import AuditEntry
from escalator.store.tables import records, seals

FIRST_HASH = "0" * 64
_SEALER_LOCK = 0x7365616C


def insert(connection: Connection, entries: Sequence[tuple[AuditEntry, UUID | None]], at: datetime) -> None:
    """Write records, each with the policy version it was decided under."""
    rows = [
        {
            "id": uuid7(),
            "at": at,
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
        connection.execute(records.insert(), rows)


def of_incident(connection: Connection, incident_id: UUID) -> list[Row[Any]]:
    """Return an incident's records, the oldest first."""
    statement = select(records).where(records.c.incident_id == incident_id).order_by(records.c.at, records.c.id)
    return list(connection.execute(statement))


def chain_new(connection: Connection, before: datetime, limit: int) -> int:
    """Chain up to so many records that are older than `before` and have no seal yet; return how many.

    Only one sealer works at a time: on PostgreSQL by an advisory lock, on SQLite by the write lock.
    """
    if connection.dialect.name != "sqlite" and not connection.scalar(
        text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _SEALER_LOCK}
    ):
        return 0
    last = connection.execute(select(seals.c.seq, seals.c.hash).order_by(seals.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq, last.hash) if last else (0, FIRST_HASH)
    unsealed = (
        select(records)
        .outerjoin(seals, seals.c.record_id == records.c.id)
        .where(seals.c.record_id.is_(None), records.c.at < before)
        .order_by(records.c.at, records.c.id)
        .limit(limit)
    )
    rows = []
    for record in connection.execute(unsealed):
        seq += 1
        made = chain_hash(export_line(record, seq, previous))
        rows.append({"seq": seq, "record_id": record.id, "prev_hash": previous, "hash": made})
        previous = made
    if rows:
        connection.execute(seals.insert(), rows)
    return len(rows)


def export_line(record: Row[Any], seq: int | None, prev_hash: str | None) -> dict[str, Any]:
    """Return a record as it is exported, without its hash; one that is not sealed yet has no place in the chain."""
    return {
        "seq": seq,
        "at": record.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
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
    """Yield every sealed record after this one in order, as (line without hash, hash as stored)."""
    while True:
        rows = connection.execute(
            select(records, seals.c.seq, seals.c.prev_hash, seals.c.hash)
            .join(seals, seals.c.record_id == records.c.id)
            .where(seals.c.seq > after)
            .order_by(seals.c.seq)
            .limit(batch)
        ).all()
        for row in rows:
            yield export_line(row, row.seq, row.prev_hash), row.hash
            after = row.seq
        if len(rows) < batch:
            return


def last_seq(connection: Connection) -> int:
    """Return the number of the newest seal, whether or not its record is still there."""
    return connection.scalar(select(func.max(seals.c.seq))) or 0


def hash_at(connection: Connection, seq: int) -> str:
    """Return the hash that the seal of this number holds; what a chain begins with, where there is none."""
    return connection.scalar(select(seals.c.hash).where(seals.c.seq == seq)) or FIRST_HASH


def count_unchained(connection: Connection) -> int:
    """Return how many records have no seal yet."""
    return (connection.scalar(select(func.count()).select_from(records)) or 0) - (
        connection.scalar(select(func.count()).select_from(seals)) or 0
    )
