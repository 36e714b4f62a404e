"""The tables. Instants are UTC by the database's clock; content stands only in the columns named `sealed_…`.

The constraints refuse what must never be: a triggered incident without a deadline, a second firing of a step.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite, which knows no zones, keeps it naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the value as the database keeps it."""
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the value as the product knows it: aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


incident_numbers = Sequence("incident_numbers", metadata=metadata, start=1001)

policy_versions = Table(
    "policy_versions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("author", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)

active_policy = Table(
    "active_policy",
    metadata,
    Column("only", Integer, CheckConstraint('"only" = 1', name="one_row"), primary_key=True),
    Column("version_id", Uuid, ForeignKey("policy_versions.id"), nullable=False),
    Column("at", Instant, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", String(128), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("webhook_id", String(128)),
    Column("type", String(128), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sealed_body", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False),
    Column("reason", Text),
    Column("incident_id", Uuid, ForeignKey("incidents.id")),
    Column("queue", String(16), nullable=False, server_default=text("''")),
    UniqueConstraint("source", "sha256"),
    Index(
        "ix_events_todo",
        "next_at",
        "queue",
        postgresql_where=text("state = 'new'"),
        sqlite_where=text("state = 'new'"),
    ),
    Index(
        "ix_events_parked",
        "received_at",
        postgresql_where=text("state = 'parked'"),
        sqlite_where=text("state = 'parked'"),
    ),
    Index("ix_events_received_at", "received_at"),
    Index("ix_events_source", "source", "received_at"),
    Index("ix_events_incident_id", "incident_id"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("source", String(128), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("category", String(128)),
    Column("severity", String(16), nullable=False),
    Column("severity_reason", Text, nullable=False),
    Column("content_rule", String(16), nullable=False),
    Column("sealed_facts", LargeBinary),
    Column("sealed_content", LargeBinary),
    Column("policy_version_id", Uuid, ForeignKey("policy_versions.id"), nullable=False),
    Column("route", Text),
    Column("path", Text, nullable=False),
    Column("assign", Text),
    Column("acks_needed", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("sending", Integer, nullable=False),
    Column("owner", String(128)),
    Column("due_kind", String(16)),
    Column("due_at", Instant),
    Column("fence", Integer, nullable=False),
    Column("armed_until", Instant),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant),
    Column("restarts", Integer, nullable=False),
    Column("extensions", Integer, nullable=False),
    Column("snoozes", Integer, nullable=False),
    Column("loop_started_at", Instant),
    Column("loop_rounds", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("waiting_since", Instant),
    Column("last_event_at", Instant),
    Column("reviewed_at", Instant),
    Column("reviewed_by", String(160)),
    Column("reports_at_close", Integer, nullable=False),
    Column("acknowledged_at", Instant),
    Column("closed_at", Instant),
    Column("closed_by", String(160)),
    Column("outcome", String(32)),
    Column("revision", Integer, nullable=False),
    Column("hold", Boolean, nullable=False),
    Column("merged_into", Uuid, ForeignKey("incidents.id")),
    Column("group_id", Uuid, ForeignKey("incidents.id")),
    Column("members", Integer),
    Column("kind_key", String(64)),
    Column("drill", String(128)),
    Column("silenced_step", Integer),
    Column("fits", Text, nullable=False, server_default=text("''")),
    Column("fits_by", String(32), nullable=False, server_default=text("''")),
    Column("first_answered_at", Instant),
    Column("escalated_at", Instant),
    CheckConstraint("state NOT IN ('triggered', 'snoozed') OR due_at IS NOT NULL", name="no_silence"),
    CheckConstraint("state NOT IN ('logged', 'resolved', 'merged') OR due_at IS NULL", name="no_late_alarm"),
    CheckConstraint("(due_at IS NULL) = (due_kind IS NULL)", name="due_has_a_kind"),
    CheckConstraint("state <> 'grouped' OR (group_id IS NOT NULL AND due_at IS NULL)", name="told_by_its_group"),
    Index("ix_incidents_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_incidents_state", "state"),
    Index("ix_incidents_opened_at", "opened_at"),
    Index("ix_incidents_fits", "fits"),
    Index(
        "ix_incidents_fits_by",
        "fits_by",
        "id",
        postgresql_where=text("sealed_facts IS NOT NULL"),
        sqlite_where=text("sealed_facts IS NOT NULL"),
    ),
    Index(
        "ix_incidents_sandbox",
        "id",
        postgresql_where=text("mode = 'sandbox'"),
        sqlite_where=text("mode = 'sandbox'"),
    ),
    Index("ix_incidents_closed_at", "closed_at"),
    Index("ix_incidents_kind", "kind_key", "opened_at", postgresql_where=text("kind_key IS NOT NULL")),
    Index("ix_incidents_group_id", "group_id", "state", postgresql_where=text("group_id IS NOT NULL")),
    Index(
        "ix_incidents_open_group",
        "kind_key",
        unique=True,
        postgresql_where=text("members IS NOT NULL"),
        sqlite_where=text("members IS NOT NULL"),
    ),
    Index(
        "ix_incidents_with_members",
        "state",
        postgresql_where=text("members > 0"),
        sqlite_where=text("members > 0"),
    ),
    Index(
        "ix_incidents_silenced",
        "due_at",
        postgresql_where=text("silenced_step IS NOT NULL"),
        sqlite_where=text("silenced_step IS NOT NULL"),
    ),
    Index(
        "ix_incidents_category",
        "source",
        "category",
        "opened_at",
        postgresql_where=text("state <> 'logged'"),
        sqlite_where=text("state <> 'logged'"),
    ),
)

incident_keys = Table(
    "incident_keys",
    metadata,
    Column("source", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", String(512), nullable=False),
    Column("incident_id", Uuid, ForeignKey("incidents.id"), nullable=False),
    PrimaryKeyConstraint("source", "kind", "value"),
    Index("ix_incident_keys_incident_id", "incident_id"),
)

answers = Table(
    "answers",
    metadata,
    Column("incident_id", Uuid, ForeignKey("incidents.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("person", String(160), nullable=False),
    Column("verb", String(32), nullable=False),
    Column("via", String(32), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("incident_id", "round", "person"),
)

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

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("vendor", String(16), nullable=False),
    Column("event_id", String(128), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("is_sandbox", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sealed_body", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False),
    Column("reason", Text),
    UniqueConstraint("vendor", "event_id"),
    Index("ix_callbacks_todo", "next_at", postgresql_where=text("state = 'new'"), sqlite_where=text("state = 'new'")),
    Index("ix_callbacks_received_at", "received_at"),
    Index("ix_callbacks_subject", "vendor", "subject"),
)

texts = Table(
    "texts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("author", String(160), nullable=False),
    Column("sealed_body", LargeBinary),
    Index("ix_texts_incident_id", "incident_id"),
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

duties = Table(
    "duties",
    metadata,
    Column("team", String(128), primary_key=True),
    Column("people", Text, nullable=False),
    Column("since", Instant, nullable=False),
)
"""Who was on call for a team when somebody last looked: whoever is not any more hands over."""

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
"""What people have silenced. `ended_at` is when its end was recorded: a person's wish, or its own."""

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
    CheckConstraint("starts_at < ends_at", name="lasts"),
    Index("ix_overrides_ends_at", "ends_at", postgresql_where=text("ended_at IS NULL")),
)
"""Who stands in for whoever it would be, by somebody's click. `ended_at` is when it was taken back."""

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person", String(128), nullable=False),
    Column("via", String(32), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index("ix_sessions_person", "person", "begun_at"),
)
"""Who is signed in, by the digest of what their browser holds."""

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person", String(128), nullable=False),
    Column("author", String(160), nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)
"""Links that sign one person in once, by the digest of what the link holds."""

tries = Table(
    "tries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", String(128), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_tries_key", "key", "at"),
)
"""Who has tried to sign in lately, by a digest of their address or of the mail they named: what a limit counts."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("person", String(128), nullable=False),
    Column("scopes", String(256), nullable=False),
    Column("is_sandbox", Boolean, nullable=False),
    Column("author", String(160), nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
)
"""What machines sign in with, by its digest; it may do what its person may, within its scopes."""

workers = Table(
    "workers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("host", String(256), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),
    Column("swept_at", Instant),
    Column("clock_offset_ms", Integer, nullable=False, server_default=text("0")),
    Column("broker_failure", String(64)),
)

jobs = Table(
    "jobs",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("due_at", Instant, nullable=False),
)

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

troubles = Table(
    "troubles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", String(256), nullable=False),
    Column("detail", Text, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index(
        "ix_troubles_open",
        "key",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
        sqlite_where=text("ended_at IS NULL"),
    ),
)

records = Table(
    "records",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("incident_id", Uuid, ForeignKey("incidents.id")),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_key", String(160), nullable=False),
    Column("action", String(48), nullable=False),
    Column("via", String(32), nullable=False),
    Column("reason", String(256), nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("policy_version_id", Uuid, ForeignKey("policy_versions.id")),
    Index("ix_records_incident_id", "incident_id"),
    Index("ix_records_at", "at", "id"),
    Index("ix_records_actor_key", "actor_key", "at", "id"),
    Index("ix_records_action", "action", "at", "id"),
)

seals = Table(
    "seals",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("record_id", Uuid, ForeignKey("records.id"), nullable=False, unique=True),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("updated_at", Instant),
    Column("type", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("incident_id", Uuid, ForeignKey("incidents.id")),
    Column("number", Integer),
    Column("destination", String(256), nullable=False),
    Column("address", String(256).with_variant(String(2048), "postgresql"), nullable=False),
    Column("person", String(128)),
    Column("ts", String(32), nullable=False, unique=True),
    Column("thread_ts", String(32)),
    Column("broadcast", Boolean, nullable=False),
    Column("sealed_payload", LargeBinary),
    Index("ix_inbox_at", "at"),
    Index("ix_inbox_incident_id", "incident_id"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(96), nullable=False),
    Column("labels", String(512), nullable=False),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", "labels"),
)

known = Table(
    "known",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

APPEND_ONLY = ("records", "seals")
