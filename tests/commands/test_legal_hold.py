"""`escalator hold`: content that must not be deleted is not, for as long as an admin says so."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from escalator.model.incident import State
from escalator.store import purge
from escalator.store.tables import audit_records, incidents, notes

WHY = ("--by", "eli", "--reason", "Case 4711 of the police")


@pytest.fixture
def over(alerted):
    """The incident was logged and closed a year ago."""
    long_ago = alerted.clock.now() - timedelta(days=365)
    closed = {"state": State.RESOLVED, "closed_at": long_ago, "due_at": None, "due_kind": None}
    with alerted.database.writing() as connection:
        connection.execute(update(incidents).values(closed))
    return alerted


def number(core):
    with core.database.reading() as connection:
        return connection.scalar(select(incidents.c.number))


def is_kept_after_a_purge(core):
    with core.database.writing() as connection:
        purge.purge_content(connection, core.clock.now(), timedelta(days=30))
        return connection.scalar(select(incidents.c.sealed_content)) is not None


def test_what_is_held_is_not_deleted_until_the_hold_is_lifted(cli, over):
    held = cli("hold", number(over), *WHY)
    assert (held.exit_code, held.stdout) == (0, "The content of #1001 is kept until the hold is lifted.\n")
    assert is_kept_after_a_purge(over)
    assert cli("hold", number(over), *WHY, "--lift").exit_code == 0
    assert not is_kept_after_a_purge(over)


def test_it_is_recorded_by_ids_and_the_reason_is_sealed(cli, over):
    cli("hold", number(over), *WHY)
    with over.database.reading() as connection:
        [row] = connection.execute(select(audit_records).where(audit_records.c.action == "incident.held"))
        [text] = connection.execute(select(notes))
    assert (row.actor_key, row.via, row.reason) == ("eli", "cli", "")
    assert json.loads(row.after) == {"reason_id": str(text.id)}
    assert over.seal.open(text.sealed_body) == b"Case 4711 of the police"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("1001", "--by", "ana", "--reason", "x"), "ask an admin", id="somebody who may not"),
        pytest.param(("1001", "--by", "zoe", "--reason", "x"), "not a person of the policy", id="somebody unknown"),
        pytest.param(("1001", "--by", "eli", "--reason", " "), "give a reason", id="no reason"),
        pytest.param(("9999", *WHY), "there is no incident #9999", id="no such incident"),
        pytest.param(("1001", *WHY, "--lift"), "#1001 is not held", id="nothing to lift"),
    ],
)
def test_what_cannot_be_is_said(cli, over, arguments, said):
    result = cli("hold", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr


def test_what_is_deleted_already_cannot_be_held(cli, over):
    assert not is_kept_after_a_purge(over)
    assert "has been deleted already" in cli("hold", number(over), *WHY).stderr
