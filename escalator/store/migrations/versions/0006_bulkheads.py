"""Of destinations: how many calls in a row have timed out, and when the last probe began."""

import sqlalchemy as sa
from alembic import op

from escalator.store.tables import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what tells a destination that hangs from one that answers."""
    op.add_column("destinations", sa.Column("timeouts", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("destinations", sa.Column("probed_at", Instant, nullable=True))


def downgrade() -> None:
    """Nothing that is lost with these columns cannot be found out again, but no older version runs beside this one."""
    raise NotImplementedError("restore a backup instead")
