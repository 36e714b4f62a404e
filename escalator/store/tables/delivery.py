"""The outbox, the messages posted at vendors, bulletins, and the health of endpoints."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, Uuid, text

from escalator.store.tables.base import Instant, metadata

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.id")),
    Column("operator_alert_id", Uuid, ForeignKey("operator_alerts.id")),
    Column("kind", String(8), nullable=False),
    Column("occasion", String(16), nullable=False),
    Column("round", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("send_number", Integer, nullable=False),
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
    Column("next_attempt_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("claimed_by", Uuid),
    Column("claim_number", Integer, nullable=False, server_default=text("0")),
    Column("claimed_at", Instant),
    Column("delivered_at", Instant),
    Column("reason", Text),
    Column("fallback_of", Uuid, ForeignKey("deliveries.id")),
    Column("actor", String(160)),
    Column("bulletin_id", Uuid, ForeignKey("bulletins.id")),
    Column("bundle_id", Uuid, ForeignKey("bulletins.id")),
    UniqueConstraint("incident_id", "round", "step", "send_number", "occasion", "destination", "address"),
    Index(
        "ix_deliveries_pending",
        "urgency",
        "next_attempt_at",
        postgresql_where=text("state = 'pending'"),
        sqlite_where=text("state = 'pending'"),
    ),
    Index(
        "ix_deliveries_sending",
        "claimed_at",
        postgresql_where=text("state = 'sending'"),
        sqlite_where=text("state = 'sending'"),
    ),
    Index("ix_deliveries_operator_alert_id", "operator_alert_id"),
    Index(
        "ix_deliveries_bundle_id",
        "bundle_id",
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

posted_messages = Table(
    "posted_messages",
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
    Column("vendor_ref", String(256)),
    Column("wanted_revision", Integer, nullable=False),
    Column("shown_revision", Integer, nullable=False),
    Column("claimed_by", Uuid),
    Column("claim_number", Integer, nullable=False, server_default=text("0")),
    Column("claimed_at", Instant),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("reason", Text),
    Column("shown_fingerprint", String(64)),
    Column("vendor_incident_id", String(64)),
    Column("acknowledged_round", Integer),
    UniqueConstraint("incident_id", "destination", "address", "slot"),
    Index(
        "ix_posted_messages_outdated",
        "next_attempt_at",
        postgresql_where=text("shown_revision < wanted_revision"),
        sqlite_where=text("shown_revision < wanted_revision"),
    ),
    Index("ix_posted_messages_vendor_ref", "vendor_ref"),
    Index(
        "ix_posted_messages_vendor_incident_id",
        "vendor_incident_id",
        postgresql_where=text("vendor_incident_id IS NOT NULL"),
    ),
)

bulletins = Table(
    "bulletins",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)
"""Messages about no single incident: a bundle, a shift's work, a silence. `body` is JSON of keys and ids."""

endpoint_health = Table(
    "endpoint_health",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("paused_until", Instant),
    Column("broken_since", Instant),
    Column("gone_address_digest", String(64)),
    Column("consecutive_timeouts", Integer, nullable=False, server_default=text("0")),
    Column("probe_started_at", Instant),
    Column("failing_since", Instant),
    Column("last_failed_at", Instant),
    Column("failing_channel", String(16)),
    Column("failing_reason", String(256)),
)
"""The state of endpoints by name (engine/endpoints); of hosts (`vendor:slack`, `host:DIGEST`) only the timeouts.

No endpoint has a name of that form. `consecutive_timeouts` counts the calls in a row that have timed out;
`probe_started_at` is when the running probe began. `failing_*` say since when every call has failed, through which
vendor, and why; `last_failed_at` is the last failure.
"""
