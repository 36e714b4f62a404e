"""What is known of Stream's review queue. It holds no content, so it outlives that of events and incidents."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Table, text

from escalator.store.tables.base import Instant, metadata

stream_items = Table(
    "stream_items",
    metadata,
    Column("source", String(128), nullable=False),
    Column("item_id", String(256), nullable=False),
    Column("updated_at", Instant),
    Column("reviewed_at", Instant),
    Column("digest", String(64), nullable=False, server_default=text("''")),
    Column("confirmed_at", Instant),
    Column("misses", Integer, nullable=False, server_default=text("0")),
    Column("check_after", Instant),
    Column("lost_at", Instant),
    PrimaryKeyConstraint("source", "item_id"),
    Index(
        "ix_stream_items_lost_at",
        "source",
        "lost_at",
        postgresql_where=text("lost_at IS NOT NULL"),
        sqlite_where=text("lost_at IS NOT NULL"),
    ),
)
"""`updated_at` and `reviewed_at` are Stream's times of the newest state that is stored here; NULL before any is.
`digest` tells whether another state means the same.

By our clock: `confirmed_at`, when Stream last told us that state or a newer one; `check_after`, before which the item
is not asked for again, because it was in none of the last `misses` answers; `lost_at`, when it was last recovered
because its webhook never came.
"""
