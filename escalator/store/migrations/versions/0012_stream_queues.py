"""Watched review queues of Stream: their figures, what was announced, and hourly samples."""

import sqlalchemy as sa
from alembic import op

from escalator.store.tables import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables; nothing else changes."""
    op.create_table(
        "stream_queues",
        sa.Column("source", sa.String(128), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("looked_at", Instant()),
        sa.Column("item_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("has_more", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("oldest_at", Instant()),
        sa.Column("failing_since", Instant()),
        sa.Column("failure", sa.String(64), server_default=sa.text("''"), nullable=False),
        sa.Column("announced_at", Instant()),
        sa.Column("announced_items", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("announced_wait_s", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("calm_since", Instant()),
        sa.PrimaryKeyConstraint("source", "queue", name=op.f("pk_stream_queues")),
    )
    op.create_table(
        "stream_queue_samples",
        sa.Column("source", sa.String(128), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("hour", Instant(), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "queue", "hour", name=op.f("pk_stream_queue_samples")),
    )


def downgrade() -> None:
    """Restore a backup instead, as for every version."""
    raise NotImplementedError("restore a backup instead")
