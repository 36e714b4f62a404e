"""Who is signed in and by what, tokens, overrides by a click; and of incidents what lists and reports ask for."""

import sqlalchemy as sa
from alembic import op

from escalator.store.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a browser needs."""
    _incidents()
    _records()
    _overrides()
    _signing_in()


def _incidents() -> None:
    """What fitted beside the category stands in the sealed facts: the workers, who have the keys, add it."""
    op.add_column("incidents", sa.Column("fits", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("incidents", sa.Column("first_answered_at", Instant, nullable=True))
    op.add_column("incidents", sa.Column("escalated_at", Instant, nullable=True))
    op.execute("UPDATE incidents SET fits = category WHERE category IS NOT NULL")
    op.execute(_since("first_answered_at", "action IN ('incident.acknowledged', 'incident.resolved')"))
    first = """after LIKE '%"step": "1"%' AND after LIKE '%"sending": "1"%'"""
    beyond_the_first = f"action = 'step.fired' AND NOT ({first})"
    op.execute(_since("escalated_at", beyond_the_first))
    op.create_index("ix_incidents_opened_at", "incidents", ["opened_at"])
    op.create_index("ix_incidents_fits", "incidents", ["fits"])


def _since(column: str, happened: str) -> str:
    return (
        f"UPDATE incidents SET {column} = "  # noqa: S608  # texts of this module only
        f"(SELECT min(at) FROM records WHERE records.incident_id = incidents.id AND {happened})"
    )


def _records() -> None:
    op.drop_index("ix_records_at", "records")
    op.create_index("ix_records_at", "records", ["at", "id"])
    op.create_index("ix_records_actor_key", "records", ["actor_key", "at", "id"])
    op.create_index("ix_records_action", "records", ["action", "at", "id"])


def _overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule", sa.String(length=128), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("starts_at", Instant, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.Column("author", sa.String(length=160), nullable=False),
        sa.Column("via", sa.String(length=32), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("ended_at", Instant, nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_overrides_lasts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overrides")),
    )
    op.create_index("ix_overrides_ends_at", "overrides", ["ends_at"], postgresql_where=sa.text("ended_at IS NULL"))


def _signing_in() -> None:
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("via", sa.String(length=32), nullable=False),
        sa.Column("begun_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("ended_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_person", "sessions", ["person", "begun_at"])
    op.create_table(
        "sign_in_links",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("author", sa.String(length=160), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_links")),
    )
    op.create_table(
        "tries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tries")),
    )
    op.create_index("ix_tries_key", "tries", ["key", "at"])
    op.create_table(
        "tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("scopes", sa.String(length=256), nullable=False),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(length=160), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant, nullable=True),
        sa.Column("revoked_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )


def downgrade() -> None:
    """What was added holds what people said: it is not thrown away."""
    raise NotImplementedError("restore a backup instead")
