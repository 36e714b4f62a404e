"""The audit trail: written once, chained afterwards, and a change to it is named."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from escalator.errors import Conflict
from escalator.model.audit import AuditAction, AuditEntry
from escalator.services.audit.verify import Verdict, follow_chain
from escalator.services.core.context import Core
from escalator.store import audit_log
from escalator.store.tables import audit_chain
from escalator.store.tables import audit_records as table


def write(core: Core, count: int) -> None:
    for number in range(count):
        with core.database.writing() as connection:
            audit_log.insert(
                connection, [(AuditEntry(AuditAction.TROUBLE_FOUND, reason=f"r{number}"), None)], core.clock.now()
            )
        core.clock.move(milliseconds=1)


def seal(core: Core, limit: int = 500) -> int:
    with core.database.writing() as connection:
        return audit_log.chain_new(connection, core.clock.now(), limit)


def verified(core: Core) -> Verdict:
    with core.database.reading() as connection:
        return follow_chain(audit_log.chained_records(connection, batch=3))


def tamper(core: Core, *statements: str) -> None:
    """Change the trail as somebody could who owns the database."""
    with core.database.writing() as connection:
        for name in ("audit_records", "audit_chain"):
            if core.database.is_sqlite:
                connection.execute(text(f"DROP TRIGGER {name}_no_update"))
                connection.execute(text(f"DROP TRIGGER {name}_no_delete"))
            else:
                connection.execute(text(f"DROP TRIGGER {name}_once ON {name}"))
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize("change", [update(table).values(reason="x"), delete(table), delete(audit_chain)], ids=str)
def test_the_database_refuses_to_change_or_delete_what_is_written(core: Core, change: object) -> None:
    write(core, 2)
    seal(core)
    with pytest.raises((DBAPIError, Conflict)) as refused, core.database.writing() as connection:
        connection.execute(change)
    assert "written once" in str(refused.value.__cause__)
    assert verified(core).count == 3


@pytest.mark.postgres
@pytest.mark.parametrize("statement", ["TRUNCATE audit_records CASCADE", "TRUNCATE audit_chain"])
def test_postgresql_refuses_to_empty_the_trail(core: Core, statement: str) -> None:
    if core.database.is_sqlite:
        pytest.skip("SQLite knows no TRUNCATE")
    with pytest.raises(DBAPIError, match="written once"), core.database.writing() as connection:
        connection.execute(text(statement))


def test_records_are_chained_in_the_order_of_their_writing(core: Core) -> None:
    write(core, 7)
    assert [seal(core, 5), seal(core, 5), seal(core, 5)] == [5, 3, 0]
    with core.database.reading() as connection:
        found = list(audit_log.chained_records(connection, batch=2))
    assert [line["seq"] for line, _hash in found] == list(range(1, 9))
    assert [line["reason"] for line, _hash in found][1:] == [f"r{number}" for number in range(7)]
    assert found[0][0]["prev_hash"] == audit_log.FIRST_HASH
    assert verified(core) == Verdict(8, found[-1][1])


def test_what_is_too_fresh_is_not_sealed_yet_and_counted(core: Core) -> None:
    write(core, 2)
    with core.database.writing() as connection:
        assert audit_log.chain_new(connection, core.clock.now() - timedelta(seconds=5), 500) == 0
        assert audit_log.count_unchained(connection) == 3


@pytest.mark.parametrize(
    ("change", "misfit"),
    [
        pytest.param(
            "UPDATE audit_records SET reason = 'x' WHERE reason = 'r1'", "record 3 ", id="a changed record is named"
        ),
        pytest.param("DELETE FROM audit_chain WHERE seq = 3", "record 3 is missing", id="a seal taken away is named"),
        pytest.param(
            "UPDATE audit_chain SET hash = prev_hash WHERE seq = 3", "record 3 ", id="a changed hash is named"
        ),
        pytest.param(
            "UPDATE audit_records SET recorded_at = '2020-01-01 00:00:00' WHERE reason = 'r1'",
            "record 3 ",
            id="so is a time",
        ),
    ],
)
def test_a_change_to_the_trail_is_named(core: Core, change: str, misfit: str) -> None:
    write(core, 5)
    seal(core)
    assert verified(core).misfit is None
    tamper(core, change)
    verdict = verified(core)
    assert verdict.count == 2
    assert (verdict.misfit or "").startswith(misfit)


def test_a_record_and_its_seal_taken_away_together_are_missed(core: Core) -> None:
    write(core, 5)
    seal(core)
    tamper(
        core,
        "CREATE TEMPORARY TABLE gone AS SELECT record_id FROM audit_chain WHERE seq = 3",
        "DELETE FROM audit_chain WHERE seq = 3",
        "DELETE FROM audit_records WHERE id IN (SELECT record_id FROM gone)",
    )
    assert verified(core).misfit == "record 3 is missing, the next is 4"
