"""What stands at other vendors than Slack, what they tell us, and what people write."""

import sqlalchemy as sa
from alembic import op

from escalator.store.tables import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the vendors' both ways need."""
    op.add_column("deliveries", sa.Column("actor", sa.String(length=160), nullable=True))
    op.add_column("posts", sa.Column("face", sa.String(length=64), nullable=True))
    op.add_column("posts", sa.Column("alias", sa.String(length=64), nullable=True))
    op.add_column("posts", sa.Column("answered_round", sa.Integer(), nullable=True))
    op.create_index("ix_posts_alias", "posts", ["alias"], unique=False, postgresql_where=sa.text("alias IS NOT NULL"))
    op.add_column("destinations", sa.Column("gone_address", sa.String(length=64), nullable=True))
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callbacks")),
        sa.UniqueConstraint("vendor", "event_id", name=op.f("uq_callbacks_vendor")),
    )
    op.create_index(
        "ix_callbacks_todo",
        "callbacks",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("state = 'new'"),
        sqlite_where=sa.text("state = 'new'"),
    )
    op.create_index("ix_callbacks_received_at", "callbacks", ["received_at"], unique=False)
    op.create_index("ix_callbacks_subject", "callbacks", ["vendor", "subject"], unique=False)
    op.create_table(
        "texts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("author", sa.String(length=160), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_texts_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_texts")),
    )
    op.create_index("ix_texts_incident_id", "texts", ["incident_id"], unique=False)


def downgrade() -> None:
    """What was added holds what people said: it is not thrown away."""
    raise NotImplementedError("restore a backup instead")
