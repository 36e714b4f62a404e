"""Digests: which have been sent."""

import sqlalchemy as sa
from alembic import op

from escalator.store.tables import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing else changes."""
    op.create_table(
        "digests",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(128), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("covered_until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_digests")),
    )


def downgrade() -> None:
    """Restore a backup instead, as for every version."""
    raise NotImplementedError("restore a backup instead")
