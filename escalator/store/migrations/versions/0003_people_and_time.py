"""Groups, silences, drills, calendars, and messages about more than one incident."""

import sqlalchemy as sa
from alembic import op

from escalator.store.tables import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TOLD_BY_ITS_GROUP = "state <> 'grouped' OR (group_id IS NOT NULL AND due_at IS NULL)"


def upgrade() -> None:
    """Add what grouping, time and people need."""
    _events()
    _bulletins()
    _incidents()
    _calendars()
    _duties()
    _silences()
    _drills()


def _events() -> None:
    op.add_column("events", sa.Column("queue", sa.String(length=16), server_default=sa.text("''"), nullable=False))
    new = sa.text("state = 'new'")
    op.drop_index("ix_events_todo", "events")
    columns = ["next_at", "queue"]
    op.create_index("ix_events_todo", "events", columns, unique=False, postgresql_where=new, sqlite_where=new)


def _bulletins() -> None:
    op.create_table(
        "bulletins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletins")),
    )
    for name in ("bulletin_id", "listed_in"):
        _add_reference("deliveries", name, "bulletins")
    for index, column, which in (
        ("ix_deliveries_listed", "listed_in", sa.text("state = 'listed'")),
        ("ix_deliveries_bulletin_id", "bulletin_id", sa.text("bulletin_id IS NOT NULL")),
    ):
        op.create_index(index, "deliveries", [column], unique=False, postgresql_where=which, sqlite_where=which)


def _incidents() -> None:
    _add_reference("incidents", "group_id", "incidents", check=("told_by_its_group", _TOLD_BY_ITS_GROUP))
    op.add_column("incidents", sa.Column("members", sa.Integer(), nullable=True))
    op.add_column("incidents", sa.Column("kind_key", sa.String(length=64), nullable=True))
    op.add_column("incidents", sa.Column("drill", sa.String(length=128), nullable=True))
    op.add_column("incidents", sa.Column("silenced_step", sa.Integer(), nullable=True))
    for name, columns, condition in (
        ("ix_incidents_kind", ["kind_key", "opened_at"], sa.text("kind_key IS NOT NULL")),
        ("ix_incidents_group_id", ["group_id", "state"], sa.text("group_id IS NOT NULL")),
    ):
        op.create_index(name, "incidents", columns, unique=False, postgresql_where=condition)
    for name, column, is_unique, groups in (
        ("ix_incidents_open_group", "kind_key", True, sa.text("members IS NOT NULL")),
        ("ix_incidents_with_members", "state", False, sa.text("members > 0")),
    ):
        op.create_index(name, "incidents", [column], unique=is_unique, postgresql_where=groups, sqlite_where=groups)
    alerts = sa.text("state <> 'logged'")
    columns = ["source", "category", "opened_at"]
    op.create_index(
        "ix_incidents_category", "incidents", columns, unique=False, postgresql_where=alerts, sqlite_where=alerts
    )


def _add_reference(table: str, name: str, to: str, check: tuple[str, str] | None = None) -> None:
    """Add a column that refers to a row; SQLite adds constraints only together with their column."""
    if op.get_bind().dialect.name != "sqlite":
        op.add_column(table, sa.Column(name, sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_{name}"), table, to, [name], ["id"])
        if check:
            op.create_check_constraint(op.f(f"ck_{table}_{check[0]}"), table, check[1])
        return
    column = f"ALTER TABLE {table} ADD COLUMN {name} CHAR(32) CONSTRAINT fk_{table}_{name} REFERENCES {to} (id)"
    op.execute(f"{column} CONSTRAINT ck_{table}_{check[0]} CHECK ({check[1]})" if check else column)


def _calendars() -> None:
    op.create_table(
        "calendars",
        sa.Column("schedule", sa.String(length=128), nullable=False),
        sa.Column("address_digest", sa.String(length=64), nullable=False),
        sa.Column("tried_at", Instant, nullable=False),
        sa.Column("fetched_at", Instant, nullable=True),
        sa.Column("failing_since", Instant, nullable=True),
        sa.Column("reason", sa.String(length=128), server_default=sa.text("''"), nullable=False),
        sa.Column("sealed_feed", sa.LargeBinary(), nullable=True),
        sa.Column("policy_version_id", sa.Uuid(), nullable=False),
        sa.Column("bookings", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_versions.id"], name=op.f("fk_calendars_policy_version_id")
        ),
        sa.PrimaryKeyConstraint("schedule", name=op.f("pk_calendars")),
    )


def _duties() -> None:
    op.create_table(
        "duties",
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.PrimaryKeyConstraint("team", name=op.f("pk_duties")),
    )


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("of", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("starts_at", Instant, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.Column("is_for_critical", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(length=160), nullable=False),
        sa.Column("via", sa.String(length=32), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
    _index_some("ix_silences_ends_at", "silences", "ends_at", sa.text("ended_at IS NULL"))
    _index_some("ix_incidents_silenced", "incidents", "due_at", sa.text("silenced_step IS NOT NULL"))


def _drills() -> None:
    op.create_table(
        "drills",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("scheduled_at", Instant, nullable=False),
        sa.Column("expected_by", Instant, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=160), nullable=True),
        sa.Column("acknowledged_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_drills_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
        sa.UniqueConstraint("name", "scheduled_at", name=op.f("uq_drills_name")),
    )


def _index_some(name: str, table: str, column: str, condition: sa.TextClause) -> None:
    op.create_index(name, table, [column], unique=False, postgresql_where=condition, sqlite_where=condition)


def downgrade() -> None:
    """What was added holds what people said: it is not thrown away."""
    raise NotImplementedError("restore a backup instead")
