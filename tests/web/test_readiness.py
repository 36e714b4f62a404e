"""Ready while another release is deployed: a newer schema keeps no process from storing events, an older one does."""

import pytest
from sqlalchemy import text

from tests.sandboxes import a_core
from web.app import create_app

pytestmark = pytest.mark.every_database


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path)
    yield core
    core.database.close()


def migrated_to(core, version, *statements):
    """Let the database be as a migration of another release has left it."""
    with core.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        for statement in statements:
            connection.execute(text(statement))


def ready(core):
    answer = create_app(core).test_client().get("/readyz")
    return answer.status_code, answer.json["degraded"]


def test_on_a_newer_schema_a_process_that_can_store_events_is_ready_and_says_that_it_is_old(core):
    migrated_to(core, "9999", "ALTER TABLE operator_alerts RENAME TO alerts_of_a_later_release")
    assert ready(core) == (200, ["schema: newer than this process; restart it with the new release"])


def test_on_a_newer_schema_without_what_the_intake_needs_it_is_not_ready(core):
    migrated_to(core, "9999", "ALTER TABLE events RENAME TO events_of_a_later_release")
    code, degraded = ready(core)
    assert (code, degraded[0]) == (503, "schema: newer than this process; restart it with the new release")
    assert degraded[1].startswith("database: ")


def test_on_an_older_schema_it_is_not_ready(core):
    migrated_to(core, "0001")
    assert ready(core) == (503, ["schema: not current; run `escalator migrate`"])
