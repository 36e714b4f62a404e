"""What the tests rely on: servers that keep what they stored, and a gate that is shut."""

import socket

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, select, text

from escalator.store.tables import incidents, metadata
from tests.conftest import OutsideWorld
from tests.sandboxes import a_core, alert
from tests.servers import PostgresServer

pytestmark = pytest.mark.every_database

DATABASE_ID = "SELECT oid FROM pg_database WHERE datname = current_database()"


@pytest.mark.live
@pytest.mark.postgres
@pytest.mark.parametrize("ending", [PostgresServer.stop, PostgresServer.kill])
def test_postgres_keeps_what_was_committed_before_it_went_down(postgres_server, ending):
    url = postgres_server.create_database(f"keeps_{ending.__name__}")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    ending(postgres_server)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)

    postgres_server.start()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.live
@pytest.mark.postgres
def test_postgres_syncs_every_commit_to_the_disk(postgres_server):
    with psycopg.connect(postgres_server.url("postgres")) as connection:
        durable = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]
    assert durable == [("on",), ("on",)]


@pytest.mark.live
def test_redis_keeps_what_it_held_when_it_was_stopped(redis_server):
    with redis_server.client() as client:
        client.set("kept", "42")
    redis_server.stop()
    assert not redis_server.answers()

    redis_server.start()

    with redis_server.client() as client:
        assert client.get("kept") == b"42"


@pytest.mark.live
def test_flushed_redis_has_forgotten_everything(redis_server):
    with redis_server.client() as client:
        client.set("lost", "42")
        redis_server.flushall()
        assert client.get("lost") is None


@pytest.mark.live
def test_a_test_is_given_a_running_redis_after_one_that_killed_it(request, redis_process):
    redis_process.kill()
    assert request.getfixturevalue("redis_server").answers()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_no_test_sees_what_another_one_wrote(database_url, turn):
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        tables = inspect(connection).get_table_names()
        assert "incidents" in tables
        assert "left_behind" not in tables
        connection.execute(text("CREATE TABLE left_behind (turn TEXT)"))
    engine.dispose()


@pytest.mark.postgres
def test_a_database_that_is_given_again_is_empty_counts_from_the_start_and_has_another_address(
    shared_database, tmp_path
):
    before = shared_database.give()
    core = a_core(before, tmp_path)
    alert(core)
    with core.database.reading() as connection:
        database_id = connection.scalar(text(DATABASE_ID))
        assert {"incidents", "audit_records", "deliveries"} <= set(_filled_tables(connection))

    shared_database.take_back()

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(before)
    core.database.close()
    core = a_core(shared_database.give(), tmp_path)
    with core.database.reading() as connection:
        assert connection.scalar(text(DATABASE_ID)) == database_id
        assert set(_filled_tables(connection)) == {"active_policy", "policy_versions", "audit_records"}
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1
    alert(core)
    with core.database.reading() as connection:
        assert connection.scalars(select(incidents.c.number)).all() == [1001]
    core.database.close()
    shared_database.take_back()


def _filled_tables(connection):
    return [table.name for table in metadata.sorted_tables if connection.execute(select(table).limit(1)).first()]


@pytest.mark.postgres
@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE audit_records ADD COLUMN another integer",
        "ALTER TABLE audit_records RENAME TO elsewhere",
        "ALTER TABLE audit_records SET (fillfactor = 50)",
        "CREATE TABLE another (id integer)",
        "DROP TRIGGER audit_records_once ON audit_records",
        "DROP TABLE counters",
        "UPDATE alembic_version SET version_num = '0001'",
        "ALTER DATABASE {} SET default_transaction_read_only = on",
    ],
)
def test_a_database_that_a_test_has_changed_is_copied_anew(shared_database, change):
    with psycopg.connect(shared_database.give(), autocommit=True) as connection:
        connection.execute(change.format(connection.info.dbname))
        database_id = connection.execute(DATABASE_ID).fetchone()

    shared_database.take_back()

    with psycopg.connect(shared_database.give()) as connection:
        assert connection.execute(DATABASE_ID).fetchone() != database_id
    shared_database.take_back()


@pytest.mark.parametrize("address", [("192.0.2.1", 443), ("2001:db8::1", 443), ("slack.com", 443)])
def test_no_test_reaches_beyond_this_machine(no_way_out, address):
    with pytest.raises(OutsideWorld):
        socket.create_connection(address)
    assert no_way_out
    no_way_out.clear()


def test_servers_on_this_machine_are_within_reach():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
