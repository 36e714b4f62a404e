"""What is known of Stream's review queue, and what we do there. No content, so it outlives that of events."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

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

By our clock: `confirmed_at`, when Stream last showed that state or a newer one; `check_after`, before which the item
is not asked for again, because it was in none of the last `misses` answers; `lost_at`, when it was last recovered
because its webhook never came.
"""

_WAITING = "state IN ('proposed', 'new', 'sending', 'unknown')"

stream_calls = Table(
    "stream_calls",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.id"), nullable=False),
    Column("action_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    Column("action_key", String(128), nullable=False),
    Column("part", String(256), nullable=False),
    Column("person", String(128), nullable=False),
    Column("policy_version_id", Uuid, ForeignKey("policy_versions.id"), nullable=False),
    Column("source", String(128), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("item_id", String(256), nullable=False),
    Column("user_id", String(256), nullable=False),
    Column("target_digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("claimed_by", Uuid),
    Column("claim_number", Integer, nullable=False, server_default=text("0")),
    Column("claimed_at", Instant),
    Column("stream_sent_at", Instant),
    Column("stream_answered_at", Instant),
    Column("stream_action_id", String(128), nullable=False, server_default=text("''")),
    Column("is_confirmed", Boolean, nullable=False, server_default=text("false")),
    Column("ended_at", Instant),
    Column("reason", String(256), nullable=False, server_default=text("''")),
    UniqueConstraint("action_id", "position"),
    Index(
        "ix_stream_calls_waiting",
        "next_attempt_at",
        postgresql_where=text(_WAITING),
        sqlite_where=text(_WAITING),
    ),
    Index("ix_stream_calls_item_id", "source", "item_id"),
    Index("ix_stream_calls_target_digest", "source", "target_digest"),
    Index("ix_stream_calls_incident_id", "incident_id"),
)
"""One part of one action in Stream; for an escalation that we report, `action_id` is the incident's id.

`user_id` is who acts in Stream, `target_digest` the SHA-256 of the id of whoever wrote the content. `stream_sent_at`
and `stream_answered_at` are Stream's own times of the first try and of the answer; `is_confirmed`: it came back as an
event.
"""
