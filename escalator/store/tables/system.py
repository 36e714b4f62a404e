"""The product itself: its processes, periodic jobs, operator alerts, counters and small facts."""

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text, Uuid, text

from escalator.store.tables.base import Instant, metadata

workers = Table(
    "workers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("host", String(256), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),
    Column("swept_at", Instant),
    Column("clock_offset_ms", Integer, nullable=False, server_default=text("0")),
    Column("broker_failure", String(64)),
)

jobs = Table(
    "jobs",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("due_at", Instant, nullable=False),
)

troubles = Table(
    "troubles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", String(256), nullable=False),
    Column("detail", Text, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index(
        "ix_troubles_open",
        "key",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
        sqlite_where=text("ended_at IS NULL"),
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

known = Table(
    "known",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
