"""Silences."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, String, Table, Uuid, text

from escalator.store.tables.base import Instant, metadata

silences = Table(
    "silences",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("of", String(16), nullable=False),
    Column("name", String(256), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("is_for_critical", Boolean, nullable=False),
    Column("author", String(160), nullable=False),
    Column("via", String(32), nullable=False),
    Column("sealed_reason", LargeBinary),
    Column("ended_at", Instant),
    Index(
        "ix_silences_ends_at",
        "ends_at",
        postgresql_where=text("ended_at IS NULL"),
        sqlite_where=text("ended_at IS NULL"),
    ),
)
"""Silences. `ended_at` is when the end was recorded: early by a person, or as planned."""
