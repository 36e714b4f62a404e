"""Since when destinations have failed, and which deliveries another one stands in for."""

import sqlalchemy as sa
from alembic import op

from escalator.store.tables import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what tells of a destination that fails for some minutes."""
    op.add_column("destinations", sa.Column("failing_since", Instant, nullable=True))
    op.add_column("destinations", sa.Column("failed_at", Instant, nullable=True))
    op.add_column("destinations", sa.Column("failing_channel", sa.String(length=16), nullable=True))
    op.add_column("destinations", sa.Column("failing_reason", sa.String(length=256), nullable=True))
    op.create_index(
        "ix_deliveries_fallback_of",
        "deliveries",
        ["fallback_of"],
        unique=False,
        postgresql_where=sa.text("fallback_of IS NOT NULL"),
        sqlite_where=sa.text("fallback_of IS NOT NULL"),
    )


def downgrade() -> None:
    """What was added says who was not told: it is not thrown away."""
    raise NotImplementedError("restore a backup instead")
