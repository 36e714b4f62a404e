"""The outbox, the messages posted at vendors, bulletins, and the state of endpoints."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, Uuid, text

from escalator.store.tables.base import Instant, metadata

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.id")),
    Column("trouble_id", Uuid, ForeignKey("troubles.id")),
    Column("kind", String(8), nullable=False),
    Column("occasion", String(16), nullable=False),
    Column("round", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("sending", Integer, nullable=False),
    Column("target", Text, nullable=False),
    Column("destination", String(256), nullable=False),
    Column("address", String(256).with_variant(String(2048), "postgresql"), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("endpoint", String(256), nullable=False, server_default=text("''")),
    Column("mode", String(16), nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("owner", Uuid),
    Column("claim", Integer, nullable=False, server_default=text("0")),
    Column("claimed_at", Instant),
    Column("delivered_at", Instant),
    Column("reason", Text),
    Column("fallback_of", Uuid, ForeignKey("deliveries.id")),
    Column("actor", String(160)),
    Column("bulletin_id", Uuid, ForeignKey("bulletins.id")),
    Column("listed_in", Uuid, ForeignKey("bulletins.id")),
    UniqueConstraint("incident_id", "round", "step", "sending", "occasion", "destination", "address"),
    Index(
        "ix_deliveries_todo",
        "urgency",
        "next_at",
        postgresql_where=text("state = 'pending'"),
        sqlite_where=text("state = 'pending'"),
    ),
    Index(
        "ix_deliveries_sending",
        "claimed_at",
        postgresql_where=text("state = 'sending'"),
        sqlite_where=text("state = 'sending'"),
    ),
    Index("ix_deliveries_trouble_id", "trouble_id"),
    Index(
        "ix_deliveries_listed",
        "listed_in",
        postgresql_where=text("state = 'listed'"),
        sqlite_where=text("state = 'listed'"),
    ),
    Index(
        "ix_deliveries_bulletin_id",
        "bulletin_id",
        postgresql_where=text("bulletin_id IS NOT NULL"),
        sqlite_where=text("bulletin_id IS NOT NULL"),
    ),
    Index(
        "ix_deliveries_fallback_of",
        "fallback_of",
        postgresql_where=text("fallback_of IS NOT NULL"),
        sqlite_where=text("fallback_of IS NOT NULL"),
    ),
)

posts = Table(
    "posts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.id"), nullable=False),
    Column("destination", String(256), nullable=False),
    Column("endpoint", String(256), nullable=False, server_default=text("''")),
    Column("address", String(256).with_variant(String(2048), "postgresql"), nullable=False),
    Column("slot", Integer, nullable=False),
    Column("mode", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("person", String(128)),
    Column("ref", String(256)),
    Column("want_rev", Integer, nullable=False),
    Column("shown_rev", Integer, nullable=False),
    Column("owner", Uuid),
    Column("claim", Integer, nullable=False, server_default=text("0")),
    Column("claimed_at", Instant),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("reason", Text),
    Column("face", String(64)),
    Column("alias", String(64)),
    Column("answered_round", Integer),
    UniqueConstraint("incident_id", "destination", "address", "slot"),
    Index(
        "ix_posts_behind",
        "next_at",
        postgresql_where=text("shown_rev < want_rev"),
        sqlite_where=text("shown_rev < want_rev"),
    ),
    Index("ix_posts_ref", "ref"),
    Index("ix_posts_alias", "alias", postgresql_where=text("alias IS NOT NULL")),
)

bulletins = Table(
    "bulletins",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)
"""Messages about no single incident: a list of many, a shift's work, a silence. `body` is JSON of keys and ids."""

destinations = Table(
    "destinations",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("not_before", Instant),
    Column("broken_since", Instant),
    Column("gone_address", String(64)),
    Column("timeouts", Integer, nullable=False, server_default=text("0")),
    Column("probed_at", Instant),
    Column("failing_since", Instant),
    Column("failed_at", Instant),
    Column("failing_channel", String(16)),
    Column("failing_reason", String(256)),
)
"""What is known of endpoints by name (engine/endpoints); and of hosts (`vendor:slack`, `host:DIGEST`) the time-outs.

No endpoint has a name of that form, and of a host nothing else is kept. `timeouts` counts the calls in a row that have
timed out; `probed_at` is when the probe that is under way began. `failing_*` say since when each call has failed, when
one did last, through which vendor, and why.
"""
