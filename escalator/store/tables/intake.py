"""What Stream and the vendors sent us: stored before the answer, processed by the workers."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from escalator.store.tables.base import Instant, metadata

events = Table(
    "events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", String(128), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("webhook_id", String(128)),
    Column("type", String(128), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sealed_body", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False),
    Column("reason", Text),
    Column("incident_id", Uuid, ForeignKey("incidents.id")),
    Column("queue", String(16), nullable=False, server_default=text("''")),
    UniqueConstraint("source", "sha256"),
    Index(
        "ix_events_todo",
        "next_at",
        "queue",
        postgresql_where=text("state = 'new'"),
        sqlite_where=text("state = 'new'"),
    ),
    Index(
        "ix_events_parked",
        "received_at",
        postgresql_where=text("state = 'parked'"),
        sqlite_where=text("state = 'parked'"),
    ),
    Index("ix_events_received_at", "received_at"),
    Index("ix_events_source", "source", "received_at"),
    Index("ix_events_incident_id", "incident_id"),
)

vendor_callbacks = Table(
    "vendor_callbacks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("vendor", String(16), nullable=False),
    Column("event_id", String(128), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("is_sandbox", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sealed_body", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", Instant, nullable=False),
    Column("reason", Text),
    UniqueConstraint("vendor", "event_id"),
    Index(
        "ix_vendor_callbacks_new",
        "next_attempt_at",
        postgresql_where=text("state = 'new'"),
        sqlite_where=text("state = 'new'"),
    ),
    Index("ix_vendor_callbacks_received_at", "received_at"),
    Index("ix_vendor_callbacks_subject", "vendor", "subject"),
)
