"""Digests: which have been sent."""

from sqlalchemy import Column, String, Table

from escalator.store.tables.base import Instant, metadata

digests = Table(
    "digests",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("rule", String(128), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("covered_until", Instant, nullable=False),
)
"""`due_at` is the last time it was due, by the `rule` of that time; what was sent reaches to `covered_until`."""
