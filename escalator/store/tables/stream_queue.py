"""Watched review queues of Stream: the last figures, what was announced, and hourly samples."""

from sqlalchemy import Boolean, Column, Integer, PrimaryKeyConstraint, String, Table, Text, text

from escalator.store.tables.base import Instant, metadata

stream_queues = Table(
    "stream_queues",
    metadata,
    Column("source", String(128), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("filter", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("looked_at", Instant),
    Column("item_count", Integer, nullable=False, server_default=text("0")),
    Column("has_more", Boolean, nullable=False, server_default=text("false")),
    Column("oldest_at", Instant),
    Column("failing_since", Instant),
    Column("failure", String(64), nullable=False, server_default=text("''")),
    Column("announced_at", Instant),
    Column("announced_items", Integer, nullable=False, server_default=text("0")),
    Column("announced_wait_s", Integer, nullable=False, server_default=text("0")),
    Column("calm_since", Instant),
    PrimaryKeyConstraint("source", "queue"),
)
"""`looked_at` is when Stream last answered; `oldest_at` is by our clock. `announced_at` while it is not over."""

stream_queue_samples = Table(
    "stream_queue_samples",
    metadata,
    Column("source", String(128), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("hour", Instant, nullable=False),
    Column("item_count", Integer, nullable=False),
    PrimaryKeyConstraint("source", "queue", "hour"),
)
"""How many items a queue held, once an hour, for five weeks."""
