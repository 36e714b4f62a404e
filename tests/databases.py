"""One PostgreSQL database that tests use one after another: emptying it costs a tenth of copying the template.

Each test finds it empty and under a new name: what another test has left running cannot reach it. A database whose
schema or settings were changed is dropped and copied anew.
"""

from uuid import uuid4

import psycopg
from psycopg import sql

from tests.servers import PostgresServer

_STATE = """
    SELECT (SELECT json_agg(version_num) FROM alembic_version),
           (SELECT md5(string_agg(concat(oid, relname, reloptions), ',' ORDER BY oid)) FROM pg_class),
           (SELECT count(*) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase
             WHERE datname = current_database()),
           {}
"""
_CHANGES = "(SELECT concat(count(*), ' ', max(xmin::text::bigint)) FROM {})"
_CATALOGS = (
    "pg_attrdef",
    "pg_attribute",
    "pg_constraint",
    "pg_extension",
    "pg_index",
    "pg_namespace",
    "pg_policy",
    "pg_proc",
    "pg_rewrite",
    "pg_trigger",
    "pg_type",
)
"""Emptying a table changes none of these, and what changes a schema changes one of them, or a row of pg_class."""


class SharedDatabase:
    """Gives the same database to one test after another."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server, self._template = server, template
        self._name = ""
        self._original: tuple[object, ...] = ()

    def give(self) -> str:
        """Return the address of an empty database with the newest schema."""
        if not self._name:
            self._name = _new_name()
            url = self._server.create_database(self._name, self._template)
            with psycopg.connect(url) as connection:
                self._original = _state(connection)
        return self._server.url(self._name)

    def take_back(self) -> None:
        """Empty it for the next test, whoever is still connected to it."""
        old, self._name = self._name, ""
        new = _new_name()
        try:
            self._server.rename_database(old, new)
        except psycopg.Error:  # somebody connects again and again
            self._server.drop_database(old)
            return
        with psycopg.connect(self._server.url(new), autocommit=True) as connection:
            is_as_it_was = _state(connection) == self._original
            if is_as_it_was:
                _empty(connection)
        if is_as_it_was:
            self._name = new
        else:
            self._server.drop_database(new)


def _new_name() -> str:
    return f"test_{uuid4().hex}"


def _state(connection: psycopg.Connection) -> tuple[object, ...]:
    changes = ", ".join(_CHANGES.format(catalog) for catalog in _CATALOGS)
    return connection.execute(_STATE.format(changes)).fetchone()


def _empty(connection: psycopg.Connection) -> None:
    named = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    filled = sql.SQL("(SELECT {} FROM {} LIMIT 1)")
    tables = [filled.format(sql.Literal(name), sql.Identifier(name)) for (name,) in connection.execute(named)]
    names = [sql.Identifier(name) for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(tables))]
    if names:
        connection.execute("SET session_replication_role = replica")  # a trigger keeps the audit log from being emptied
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(names)))
    used = "SELECT sequencename, start_value FROM pg_sequences WHERE last_value IS NOT NULL"
    for sequence, start in connection.execute(used).fetchall():
        connection.execute("SELECT setval(%s::regclass, %s, false)", (sequence, start))
