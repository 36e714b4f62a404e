"""Drills."""

from sqlalchemy import Column, ForeignKey, String, Table, Text, UniqueConstraint, Uuid

from escalator.store.tables.base import Instant, metadata

drills = Table(
    "drills",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(128), nullable=False),
    Column("route", Text, nullable=False),
    Column("scheduled_at", Instant, nullable=False),
    Column("expected_by", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("incident_id", Uuid, ForeignKey("incidents.id")),
    Column("acknowledged_by", String(160)),
    Column("acknowledged_at", Instant),
    UniqueConstraint("name", "scheduled_at"),
)
