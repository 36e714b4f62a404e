"""The product itself: its processes, periodic jobs, operator alerts, counters and small facts."""

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text, Uuid, text

from escalator.store.tables.base import Instant, metadata

processes = Table(
    "processes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("host", String(256), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("last_heartbeat_at", Instant, nullable=False),
    Column("last_sweep_at", Instant),
    Column("clock_offset_ms", Integer, nullable=False, server_default=text("0")),
    Column("broker_failure", String(64)),
)

jobs = Table(
    "jobs",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("due_at", Instant, nullable=False),
)

operator_alerts = Table(
    "operator_alerts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", String(256), nullable=False),
    Column("detail", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Index(
        "ix_operator_alerts_open",
        "key",
        unique=True,
        postgresql_where=text("resolved_at IS NULL"),
        sqlite_where=text("resolved_at IS NULL"),
    ),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(96), nullable=False),
    Column("labels", String(512), nullable=False),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", "labels"),
)

key_values = Table(
    "key_values",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
