"""`escalator unreadable`: signed requests that are no events can be read, by an admin, with a record."""

import json

import pytest
from sqlalchemy import select, update

from escalator.errors import InvalidEvent
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.store.tables import audit_records, events
from escalator.stream.signature import sign

BODY = b'{"no_type": "goodbye"}'


@pytest.fixture
def odd(core):
    with pytest.raises(InvalidEvent):
        WebhookReceiver(core).receive(WebhookRequest(BODY, "demo-key", sign(BODY, "demo-secret"), ""))
    return core


def test_they_are_listed_without_what_they_say(cli, odd):
    [head, row] = cli("unreadable").stdout.splitlines()
    assert head.split() == ["ID", "RECEIVED", "SOURCE", "BODY"]
    assert row.endswith("kept")
    assert "goodbye" not in row


def test_an_admin_reads_one_and_is_recorded(cli, odd):
    key = cli("unreadable").stdout.splitlines()[1].split()[0]
    assert cli("unreadable", key, "--by", "eli").stdout == BODY.decode() + "\n"
    with odd.database.reading() as connection:
        [row] = connection.execute(select(audit_records).where(audit_records.c.action == "event.read"))
    assert (row.actor_key, row.via, json.loads(row.after)) == ("eli", "cli", {"event": key})


def test_nobody_else_reads_it(cli, odd):
    key = cli("unreadable").stdout.splitlines()[1].split()[0]
    for who, said in ((("--by", "ana"), "ask an admin"), (("--by", "zoe"), "not a person of the policy"), ((), "--by")):
        result = cli("unreadable", key, *who)
        assert (result.exit_code == 0, result.stdout) == (False, "")
        assert said in result.stderr
    with odd.database.reading() as connection:
        assert connection.execute(select(audit_records).where(audit_records.c.action == "event.read")).all() == []


def test_what_is_deleted_or_none_of_them_is_said(cli, odd):
    key = cli("unreadable").stdout.splitlines()[1].split()[0]
    with odd.database.writing() as connection:
        connection.execute(update(events).values(sealed_body=None))
    assert "has been deleted" in cli("unreadable", key, "--by", "eli").stderr
    assert "no unreadable request with this id" in cli("unreadable", key.replace(key[:4], "ffff"), "--by", "eli").stderr


def test_nothing_odd_is_said(cli, core):
    assert cli("unreadable").stdout == "No unreadable requests.\n"
