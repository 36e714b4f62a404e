"""`escalator audit`: the chain holds, and any change to it is named."""

import contextlib
import json
import sqlite3

import pytest

from escalator.model.audit import AuditAction, AuditEntry
from escalator.services.audit.verify import follow_chain
from escalator.store import audit_log

FIELDS = [
    *("seq", "at", "incident", "action", "actor", "via", "reason", "before", "after", "policy_version"),
    *("prev_hash", "hash"),
]


@pytest.fixture
def exported(cli, alerted):
    return [json.loads(line) for line in cli("audit", "export").stdout.splitlines()]


def chain(lines):
    return [({name: value for name, value in line.items() if name != "hash"}, line["hash"]) for line in lines]


def test_every_record_is_a_line_of_json_with_its_place_in_the_chain(exported):
    assert len(exported) > 4
    assert all(list(line) == FIELDS for line in exported)
    assert [line["seq"] for line in exported] == list(range(1, len(exported) + 1))
    assert all(set(line["actor"]) == {"kind", "key"} for line in exported)


def test_the_trail_is_whole_in_the_database_and_as_a_file(cli, alerted, folder):
    assert cli("audit", "export", "--out", "trail.jsonl").exit_code == 0
    for arguments in ([], ["trail.jsonl"]):
        result = cli("audit", "verify", *arguments)
        assert result.exit_code == 0
        assert "none changed or missing" in result.stdout


def test_what_is_not_sealed_yet_is_said_aloud(cli, alerted):
    with alerted.database.writing() as connection:
        audit_log.insert(connection, [(AuditEntry(AuditAction.TROUBLE_FOUND), None)], alerted.clock.now())
    assert "1 more is not in the hash chain yet" in cli("audit", "export").stderr
    assert "1 more is not in the hash chain yet" in cli("audit", "verify").stdout


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        pytest.param(lambda lines: lines[2].update(reason="other"), "record 3 ", id="a record is changed"),
        pytest.param(lambda lines: lines.pop(2), "record 3 is missing", id="a record is taken out"),
        pytest.param(lambda lines: lines[2].update(prev_hash="0" * 64), "record 3 ", id="a link is cut"),
        pytest.param(lambda lines: lines.insert(2, dict(lines[1])), "record 3 is missing", id="a record is put in"),
        pytest.param(lambda lines: lines.reverse(), "record 1 is missing", id="records change places"),
    ],
)
def test_the_first_record_that_does_not_fit_is_named(exported, tamper, said):
    tamper(exported)
    assert said in follow_chain(chain(exported)).misfit


@pytest.mark.parametrize("which", ["in the middle", "the last"])
def test_a_record_deleted_behind_the_products_back_is_missed(cli, alerted, exported, which):
    number = len(exported) if which == "the last" else 2
    alerted.database.close()
    with contextlib.closing(sqlite3.connect(alerted.database.url.database)) as connection:
        connection.execute("DROP TRIGGER audit_records_no_delete")
        connection.execute(
            "DELETE FROM audit_records WHERE id = (SELECT record_id FROM audit_chain WHERE seq = ?)", [number]
        )
        connection.commit()
    result = cli("audit", "verify")
    assert result.exit_code == 1
    assert f"record {number} is missing" in result.stdout
