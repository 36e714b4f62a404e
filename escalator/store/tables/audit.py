"""The audit log and its hash chain."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, Uuid

from escalator.store.tables.base import Instant, metadata

audit_records = Table(
    "audit_records",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("recorded_at", Instant, nullable=False),
    Column("incident_id", Uuid, ForeignKey("incidents.id")),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_key", String(160), nullable=False),
    Column("action", String(48), nullable=False),
    Column("via", String(32), nullable=False),
    Column("reason", String(256), nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("policy_version_id", Uuid, ForeignKey("policy_versions.id")),
    Index("ix_audit_records_incident_id", "incident_id"),
    Index("ix_audit_records_recorded_at", "recorded_at", "id"),
    Index("ix_audit_records_actor_key", "actor_key", "recorded_at", "id"),
    Index("ix_audit_records_action", "action", "recorded_at", "id"),
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("record_id", Uuid, ForeignKey("audit_records.id"), nullable=False, unique=True),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

APPEND_ONLY = ("audit_records", "audit_chain")
