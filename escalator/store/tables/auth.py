"""Sessions, magic links, login attempts and API tokens. Of each secret only its digest is stored."""

from sqlalchemy import Boolean, Column, Index, String, Table, Uuid

from escalator.store.tables.base import Instant, metadata

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person", String(128), nullable=False),
    Column("via", String(32), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index("ix_sessions_person", "person", "started_at"),
)
"""Signed-in browsers, by the digest of their session token."""

magic_links = Table(
    "magic_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person", String(128), nullable=False),
    Column("author", String(160), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)
"""Links that sign one person in once, by the digest of the link's token."""

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", String(128), nullable=False),
    Column("attempted_at", Instant, nullable=False),
    Index("ix_login_attempts_key", "key", "attempted_at"),
)
"""Recent sign-in attempts, by a digest of the client's address or of the email entered: counted for limits."""

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("person", String(128), nullable=False),
    Column("scopes", String(256), nullable=False),
    Column("is_sandbox", Boolean, nullable=False),
    Column("author", String(160), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
)
"""API tokens of programs, by their digest; one may do what its person may, within its scopes."""
