"""By which categories of a policy it was judged who may see an incident; and room for long addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark, empty: the workers judge every incident anew. SQLite keeps an address of any length as it is."""
    op.add_column("incidents", sa.Column("fits_by", sa.String(32), server_default=sa.text("''"), nullable=False))
    there = sa.text("sealed_facts IS NOT NULL")
    op.create_index("ix_incidents_fits_by", "incidents", ["fits_by", "id"], postgresql_where=there, sqlite_where=there)
    if op.get_bind().dialect.name == "postgresql":
        for table in ("deliveries", "posts", "inbox"):
            op.alter_column(table, "address", type_=sa.String(2048), existing_nullable=False)
