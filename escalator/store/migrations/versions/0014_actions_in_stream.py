"""What people do in Stream from an alert: the calls, and on each incident how far its actions are."""

import sqlalchemy as sa
from alembic import op

from escalator.store.tables import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_WAITING = sa.text("state IN ('proposed', 'new', 'sending', 'unknown')")


def upgrade() -> None:
    """Add the table and the column; the release before goes on without them."""
    op.add_column("incidents", sa.Column("stream_actions", sa.Text, nullable=False, server_default=sa.text("''")))
    op.create_table(
        "stream_calls",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("incident_id", sa.Uuid, nullable=False),
        sa.Column("action_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("action_key", sa.String(128), nullable=False),
        sa.Column("part", sa.String(256), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("policy_version_id", sa.Uuid, nullable=False),
        sa.Column("source", sa.String(128), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("item_id", sa.String(256), nullable=False),
        sa.Column("user_id", sa.String(256), nullable=False),
        sa.Column("target_digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("next_attempt_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("claimed_by", sa.Uuid),
        sa.Column("claim_number", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("claimed_at", Instant),
        sa.Column("stream_sent_at", Instant),
        sa.Column("stream_answered_at", Instant),
        sa.Column("stream_action_id", sa.String(128), nullable=False, server_default=sa.text("''")),
        sa.Column("is_confirmed", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("ended_at", Instant),
        sa.Column("reason", sa.String(256), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("id", name="pk_stream_calls"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_stream_calls_incident_id"),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_versions.id"], name="fk_stream_calls_policy_version_id"
        ),
        sa.UniqueConstraint("action_id", "position", name="uq_stream_calls_action_id"),
    )
    op.create_index(
        "ix_stream_calls_waiting",
        "stream_calls",
        ["next_attempt_at"],
        postgresql_where=_WAITING,
        sqlite_where=_WAITING,
    )
    op.create_index("ix_stream_calls_item_id", "stream_calls", ["source", "item_id"])
    op.create_index("ix_stream_calls_target_digest", "stream_calls", ["source", "target_digest"])
    op.create_index("ix_stream_calls_incident_id", "stream_calls", ["incident_id"])


def downgrade() -> None:
    """Restore a backup instead, as for every version."""
    raise NotImplementedError("restore a backup instead")
