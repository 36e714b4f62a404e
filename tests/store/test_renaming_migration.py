"""Migration 0010 renames and changes no row; web processes of the release before store webhooks meanwhile."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Connection, MetaData, Row, inspect, text
from sqlalchemy.exc import DBAPIError

from escalator.errors import Conflict
from escalator.services.audit.verify import follow_chain
from escalator.store import Database, audit_log
from escalator.store.migrate import migrate
from escalator.store.schema import is_current
from escalator.store.tables import Instant, events
from tests.conftest import DATABASES
from tests.servers import PostgresServer

NAMES = import_module("escalator.store.migrations.versions.0010_names")
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
EVENT = {
    "id": uuid4(),
    "source": "chat",
    "sha256": "0" * 64,
    "webhook_id": "w",
    "type": "message.flagged",
    "received_at": NOW,
    "sealed_body": b"sealed",
    "state": "new",
    "attempts": 0,
    "next_at": NOW,
    "queue": "",
}
INTAKE = (
    "SELECT active_policy.version_id, EXISTS (SELECT * FROM silences WHERE silences.ended_at IS NULL), "
    "EXISTS (SELECT * FROM overrides WHERE overrides.ended_at IS NULL AND overrides.ends_at > :received_at) "
    "FROM active_policy",
    "SELECT policy_versions.text FROM policy_versions WHERE policy_versions.id = :id",
    'SELECT id, "of", name, starts_at, ends_at, is_for_critical, author, via, sealed_reason, ended_at FROM silences '
    "WHERE ended_at IS NULL ORDER BY ends_at",
    "SELECT id, schedule, person, starts_at, ends_at, author, via, at, ended_at FROM overrides ORDER BY id",
    "SELECT schedule, bookings FROM calendars",
    "INSERT INTO events (id, source, sha256, webhook_id, type, received_at, sealed_body, state, attempts, next_at, "
    "queue) VALUES (:id, :source, :sha256, :webhook_id, :type, :received_at, :sealed_body, :state, :attempts, "
    ":next_at, :queue) "
    "ON CONFLICT (source, sha256) DO NOTHING RETURNING events.id",
)
"""What a web process of the release before 0010 asks of the database to store a webhook, as SQLAlchemy wrote it."""


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.postgres] if name == "postgres" else []) for name in DATABASES]
)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the schema before, and a row in every table."""
    name = f"test_{uuid4().hex}"
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_database(name).replace("postgresql://", "postgresql+psycopg://")
    migrate(url, "0009")
    database = Database(url)
    with database.writing() as connection:
        fill(connection)
    yield database
    database.close()
    if request.param != "sqlite":
        server.drop_database(name)


def fill(connection: Connection) -> None:
    """Write a row into every table, with something in every column that may hold it."""
    tables = MetaData()
    tables.reflect(connection)
    ids = {table.name: uuid4() for table in tables.sorted_tables}
    numbers = count(1)
    for table in tables.sorted_tables:
        if table.name == "alembic_version":
            continue
        row = {column.name: _value(column, ids, next(numbers)) for column in table.columns}
        row |= SPECIAL.get(table.name, {})
        if table.name == "seals":
            record = connection.execute(tables.tables["records"].select()).one()
            row |= {"seq": 1, "prev_hash": audit_log.FIRST_HASH, "hash": _sealed(record)}
        known = sa.table(table.name, *(sa.column(column.name, _type(column)) for column in table.columns))
        connection.execute(known.insert().values(row))


SPECIAL: dict[str, dict[str, Any]] = {
    "active_policy": {"only": 1},
    "incidents": {"state": "logged", "due_at": None, "due_kind": None},
    "records": {"before": "{}", "after": json.dumps({"at": "1", "sending": "2"})},
}


def _type(column: Column[Any]) -> Any:
    if isinstance(column.type, sa.CHAR):
        return sa.Uuid()
    return Instant() if isinstance(column.type, sa.DateTime) else column.type


def _value(column: Column[Any], ids: dict[str, UUID], number: int) -> Any:
    referred = next((key.column.table.name for key in column.foreign_keys), column.table.name)
    match _type(column):
        case sa.Uuid():
            return ids[referred]
        case Instant():
            return NOW + timedelta(minutes=number)
        case sa.Boolean():
            return True
        case sa.Integer():
            return number
        case sa.LargeBinary():
            return column.name.encode()
        case kind:
            return f"{number} {column.name}"[: kind.length]


def _sealed(record: Row[Any]) -> str:
    """Return the hash of a record as it is exported: what its columns are called is no part of that."""
    kept = dict(record._mapping) | {
        name: UUID(str(record._mapping[name])) for name in ("incident_id", "policy_version_id")
    }
    at = record.at if record.at.tzinfo else record.at.replace(tzinfo=UTC)
    line = audit_log.export_line(SimpleNamespace(**kept, recorded_at=at), 1, audit_log.FIRST_HASH)
    return audit_log.chain_hash(line)


def contents(connection: Connection) -> dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
    """Return the columns and rows of every table."""
    found = {}
    for name in inspect(connection).get_table_names():
        result = connection.execute(sa.select(text("*")).select_from(sa.table(name)))
        found[name] = (tuple(result.keys()), [tuple(row) for row in result])
    return found


def test_every_row_is_the_same_under_the_new_names(old: Database) -> None:
    with old.reading() as connection:
        before = contents(connection)
    migrate(old.url.render_as_string(hide_password=False), "0010")
    with old.reading() as connection:
        after = contents(connection)
    del before["alembic_version"], after["alembic_version"]
    expected = {}
    for table, (columns, rows) in before.items():
        name = NAMES.TABLES.get(table, table)
        new = NAMES.COLUMNS.get(name, {})
        expected[name] = (tuple(new.get(column, column) for column in columns), rows)
    assert {*NAMES.TABLES.values(), *NAMES.COLUMNS} <= after.keys()
    assert [len(rows) for _columns, rows in expected.values()] == [1] * len(expected)
    later = {name: after.pop(name) for name in after.keys() - expected.keys()}
    assert after == expected
    assert not any(rows for _columns, rows in later.values())


def test_the_hash_chain_holds_under_the_new_names(old: Database) -> None:
    migrate(old.url.render_as_string(hide_password=False))
    with old.reading() as connection:
        verdict = follow_chain(audit_log.chained_records(connection))
    assert (verdict.count, verdict.misfit) == (1, None)


def test_no_name_of_before_is_left(old: Database) -> None:
    migrate(old.url.render_as_string(hide_password=False))
    with old.reading() as connection:
        found = set(_names(connection, is_sqlite=old.is_sqlite))
    gone = {*NAMES.INDEXES, *(name for names in NAMES.CONSTRAINTS.values() for name in names)}
    new = {*NAMES.INDEXES.values(), *(name for names in NAMES.CONSTRAINTS.values() for name in names.values())}
    assert not gone & found
    assert new <= found
    assert not {name for name in found if name.startswith(tuple(f"{table}_" for table in NAMES.APPEND_ONLY))}


def _names(connection: Connection, *, is_sqlite: bool) -> Iterator[str]:
    """Yield the names of all indexes, constraints and triggers."""
    if is_sqlite:
        for name, sql in connection.exec_driver_sql("SELECT name, sql FROM sqlite_schema"):
            yield name
            yield from re.findall(r"CONSTRAINT (\w+)", sql or "")
        return
    for catalogue in (
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conname FROM pg_constraint",
        "SELECT tgname FROM pg_trigger",
    ):
        yield from connection.scalars(text(catalogue))


def test_what_is_written_once_is_still_refused_to_be_changed(old: Database) -> None:
    migrate(old.url.render_as_string(hide_password=False))
    for statement in ("UPDATE audit_records SET via = 'x'", "DELETE FROM audit_chain"):
        with pytest.raises((DBAPIError, Conflict)), old.writing() as connection:
            connection.execute(text(statement))


def test_a_web_process_of_the_release_before_stores_webhooks(old: Database) -> None:
    migrate(old.url.render_as_string(hide_password=False))
    known = {name: sa.bindparam(name, type_=events.c[name].type) for name in EVENT}
    with old.writing() as connection:
        for statement in INTAKE:
            used = [bind for name, bind in known.items() if f":{name}" in statement]
            result = connection.execute(text(statement).bindparams(*used), EVENT)
        assert len(result.all()) == 1
    with old.reading() as connection:
        stored = connection.execute(events.select().where(events.c.id == EVENT["id"])).one()._mapping
    assert {name: stored[name] for name in EVENT} == EVENT


@pytest.mark.postgres
def test_it_waits_for_transactions_without_holding_up_the_intake(postgres_server: PostgresServer) -> None:
    name = f"test_{uuid4().hex}"
    url = postgres_server.create_database(name).replace("postgresql://", "postgresql+psycopg://")
    migrate(url, "0009")
    database = Database(url, patience_s=3)
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as connection:
            connection.execute(text("LOCK TABLE records IN ROW EXCLUSIVE MODE"))
            migration = pool.submit(migrate, url)
            ends_at = monotonic() + 2
            while monotonic() < ends_at:
                with database.reading() as other:
                    other.execute(text("SELECT version_id FROM active_policy, incidents"))
            assert not migration.done()
        migration.result(timeout=30)
    assert is_current(database)
    database.close()
    postgres_server.drop_database(name)
