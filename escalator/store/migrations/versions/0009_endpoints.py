"""By which endpoint a delivery or a post is told: what hangs, fails or is full by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NAMED = "CASE WHEN destination LIKE 'person:%' THEN destination || ':' || channel ELSE destination END"
_OVER = "('delivered', 'failed', 'suppressed')"


def upgrade() -> None:
    """Add the name, and write it for what may yet be told; which of several addresses it is, only the policy knows."""
    for table in ("deliveries", "posts"):
        op.add_column(table, sa.Column("endpoint", sa.String(256), server_default=sa.text("''"), nullable=False))
    op.execute(sa.text(f"UPDATE deliveries SET endpoint = {_NAMED} WHERE state NOT IN {_OVER}"))  # noqa: S608
    op.execute(sa.text(f"UPDATE posts SET endpoint = {_NAMED}"))  # noqa: S608


def downgrade() -> None:
    """Restore a backup instead, as for every version."""
    raise NotImplementedError("restore a backup instead")
