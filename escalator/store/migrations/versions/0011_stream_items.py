"""What is known of each item of Stream's review queue, to find out which webhooks never came."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. What older releases have processed is not in it: it is read from Stream once more."""
    op.create_table(
        "stream_items",
        sa.Column("source", sa.String(128), nullable=False),
        sa.Column("item_id", sa.String(256), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True)),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.Column("digest", sa.String(64), server_default=sa.text("''"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("misses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("check_after", sa.DateTime(timezone=True)),
        sa.Column("lost_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("source", "item_id", name=op.f("pk_stream_items")),
    )
    op.create_index(
        "ix_stream_items_lost_at",
        "stream_items",
        ["source", "lost_at"],
        postgresql_where=sa.text("lost_at IS NOT NULL"),
        sqlite_where=sa.text("lost_at IS NOT NULL"),
    )


def downgrade() -> None:
    """Restore a backup instead, as for every version."""
    raise NotImplementedError("restore a backup instead")
