"""The migrations make the schema that the tables describe, and can be asked for by several at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select

from escalator.services.core.context import Core
from escalator.store import Database
from escalator.store.migrate import migrate
from escalator.store.schema import is_current
from escalator.store.tables import endpoint_health, events, metadata, stream_items
from tests.servers import PostgresServer


def test_the_migrations_make_what_the_tables_describe(core: Core) -> None:
    with core.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_check_of_the_tables_stands_in_the_database(core: Core) -> None:
    with core.database.reading() as connection:
        asked = inspect(connection)
        found = {check["name"] for table in metadata.tables for check in asked.get_check_constraints(table)}
    assert found == {
        "ck_active_policy_one_row",
        "ck_incidents_triggered_has_deadline",
        "ck_incidents_closed_has_no_deadline",
        "ck_incidents_deadline_has_kind",
        "ck_incidents_grouped_has_group",
        "ck_overrides_ends_after_start",
    }


def test_a_database_without_the_newest_schema_is_not_current(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    assert not is_current(database)
    migrate(str(database.url))
    assert is_current(database)
    database.close()


def test_an_installation_of_the_first_schema_keeps_what_it_has(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    migrate(url, "0001")
    database = Database(url)
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO destinations (name, broken_since) VALUES ('room', '2026-01-05 09:00')")
    assert not is_current(database)
    migrate(url)
    with database.reading() as connection:
        kept = connection.execute(select(endpoint_health)).one()
    assert (kept.name, kept.gone_address_digest) == ("room", None)
    database.close()


def test_what_was_received_before_items_were_counted_is_kept_and_nothing_is_known_of_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    migrate(url, "0010")
    database = Database(url)
    with database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO events (id, source, sha256, type, received_at, state, next_at) VALUES "
            "('0198', 'chat', 'x', 'review_queue_item.new', '2026-01-05 09:00', 'done', '2026-01-05 09:00')"
        )
    migrate(url)
    with database.reading() as connection:
        assert connection.execute(select(events.c.source, events.c.state)).all() == [("chat", "done")]
        assert connection.execute(select(stream_items)).all() == []
    database.close()


def test_two_who_migrate_one_file_at_once_both_succeed(tmp_path: Path) -> None:
    _both_succeed(f"sqlite:///{tmp_path / 'new.db'}")


@pytest.mark.postgres
def test_two_who_migrate_one_server_at_once_both_succeed(postgres_server: PostgresServer) -> None:
    name = f"test_{uuid4().hex}"
    _both_succeed(postgres_server.create_database(name).replace("postgresql://", "postgresql+psycopg://"))
    postgres_server.drop_database(name)


def _both_succeed(url: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(migrate, url) for _ in range(2)]:
            done.result()
    database = Database(url)
    assert is_current(database)
    database.close()
