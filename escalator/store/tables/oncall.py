"""On-call: calendar feeds, overrides, and who was on call when the workers last checked."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, String, Table, Text, Uuid, text

from escalator.store.tables.base import Instant, metadata

calendars = Table(
    "calendars",
    metadata,
    Column("schedule", String(128), primary_key=True),
    Column("address_digest", String(64), nullable=False),
    Column("tried_at", Instant, nullable=False),
    Column("fetched_at", Instant),
    Column("failing_since", Instant),
    Column("reason", String(128), nullable=False, server_default=text("''")),
    Column("sealed_feed", LargeBinary),
    Column("policy_version_id", Uuid, ForeignKey("policy_versions.id"), nullable=False),
    Column("bookings", Text, nullable=False, server_default=text("'[]'")),
)

oncall_snapshots = Table(
    "oncall_snapshots",
    metadata,
    Column("team", String(128), primary_key=True),
    Column("people", Text, nullable=False),
    Column("since", Instant, nullable=False),
)
"""Who was on call for a team at the last check; people no longer on call hand over."""

overrides = Table(
    "overrides",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("schedule", String(128), nullable=False),
    Column("person", String(128), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("author", String(160), nullable=False),
    Column("via", String(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("ended_at", Instant),
    CheckConstraint("starts_at < ends_at", name="ends_after_start"),
    Index("ix_overrides_ends_at", "ends_at", postgresql_where=text("ended_at IS NULL")),
)
"""Manual overrides: a person on call instead of another. `ended_at`: ended early."""
