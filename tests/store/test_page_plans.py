"""How PostgreSQL executes what the audit pages ask: it reads what a page shows, however much the tables hold."""

from typing import Any

import pytest
from sqlalchemy import event, text

from escalator.services.core.context import Core
from escalator.store import audit_search
from escalator.store.audit_search import AuditQuery
from escalator.store.tables import incidents
from escalator.store.visibility import Audience
from tests.store.rows import an_incident, write

MANY = 10_000
SPAM = Audience(frozenset({("spam",)}), is_sandbox=False, restrictions="mark")
_COPIES = """
INSERT INTO incidents
SELECT (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(), 'number', 2000 + g))).*
FROM incidents i, generate_series(1, :many) g
"""
_RECORDS = """
INSERT INTO audit_records (id, recorded_at, incident_id, actor_kind, actor_key, action, via, reason, before, after)
SELECT gen_random_uuid(), opened_at + number * interval '1 second' + k * interval '1 millisecond', id, 'person',
    'p' || number % 20, (ARRAY['incident.acknowledged', 'incident.resolved', 'delivery.delivered'])[1 + k],
    'dashboard', '', '{}', '{}'
FROM incidents, generate_series(0, 2) k
"""


@pytest.fixture
def full(core: Core) -> Core:
    """Ten thousand incidents with three records each; PostgreSQL knows how many there are."""
    write(core, incidents, an_incident(core, matched_categories="spam", category="spam", category_rules_digest="mark"))
    with core.database.writing() as connection:
        connection.execute(text(_COPIES), {"many": MANY})
        connection.execute(text(_RECORDS))
        connection.execute(text("ANALYZE incidents"))
        connection.execute(text("ANALYZE audit_records"))
    return core


def plans(core: Core, search: AuditQuery) -> list[str]:
    """Return how each statement of a search is executed."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    with core.database.reading() as connection:
        event.listen(connection, "before_cursor_execute", note)
        assert len(audit_search.page_before(connection, SPAM, search)) == audit_search.PAGE
        event.remove(connection, "before_cursor_execute", note)
        reads = [(statement, parameters) for statement, parameters in asked if not statement.startswith("SET")]
        return ["\n".join(connection.exec_driver_sql(f"EXPLAIN {sql}", values).scalars()) for sql, values in reads]


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
@pytest.mark.parametrize(
    "search",
    [
        pytest.param(AuditQuery(), id="everything"),
        pytest.param(AuditQuery(actor="p7"), id="a person"),
        pytest.param(AuditQuery(actions=("incident.resolved",)), id="an action"),
    ],
)
def test_no_search_reads_all_incidents_or_records(full: Core, search: AuditQuery) -> None:
    for plan in plans(full, search):
        assert "hashed SubPlan" not in plan
        assert "Seq Scan on incidents" not in plan
        assert "Seq Scan on audit_records" not in plan
