"""What each process last found wrong with the broker."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add why a process cannot use the broker; empty while it can."""
    op.add_column("workers", sa.Column("broker_failure", sa.String(64), nullable=True))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("workers", "broker_failure")
