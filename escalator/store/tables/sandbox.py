"""The sandbox's inbox of unsent messages."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Uuid

from escalator.store.tables.base import Instant, metadata

sandbox_inbox = Table(
    "sandbox_inbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant),
    Column("type", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("incident_id", Uuid, ForeignKey("incidents.id")),
    Column("number", Integer),
    Column("destination", String(256), nullable=False),
    Column("address", String(256).with_variant(String(2048), "postgresql"), nullable=False),
    Column("person", String(128)),
    Column("ts", String(32), nullable=False, unique=True),
    Column("thread_ts", String(32)),
    Column("broadcast", Boolean, nullable=False),
    Column("sealed_payload", LargeBinary),
    Index("ix_sandbox_inbox_created_at", "created_at"),
    Index("ix_sandbox_inbox_incident_id", "incident_id"),
)
