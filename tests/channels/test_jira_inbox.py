"""What stands in Jira's place in the sandbox, where it is not like Jira: sealed, purged, and sometimes away."""

import pytest
from sqlalchemy import String, cast, select

from escalator.channels.jira.api import Category, Flavour
from escalator.channels.jira.sandbox import SandboxJira
from escalator.encryption import Seal
from escalator.errors import Unavailable
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.sandbox.inbox import DatabaseInbox
from escalator.store import Database, sandbox_inbox
from escalator.store.tables import sandbox_inbox as table
from tests.fakes import FakeClock

CONTEXT = MessageContext(None, 1042, "ts-board")
FIELDS = {
    "project": {"key": "TS"},
    "issuetype": {"name": "Incident"},
    "summary": "nobody may read this",
    "description": {"type": "doc", "version": 1, "content": []},
    "labels": ["escalator-1"],
}
GONE = Failed(FailureReason.BAD_TARGET, "issue_not_found")


@pytest.fixture
def database(database_url):
    database = Database(database_url)
    yield database
    database.close()


def talk(database, context=CONTEXT):
    return SandboxJira(DatabaseInbox(database, Seal(["key"]), FakeClock()), Flavour.CLOUD).conversation(context)


def test_keys_are_counted_in_each_project(database):
    other = FIELDS | {"project": {"key": "OPS"}}
    refs = [talk(database).create(fields).ref for fields in (FIELDS, other, FIELDS, FIELDS)]
    assert refs == ["TS-1", "OPS-1", "TS-2", "TS-3"]


def test_a_key_that_is_taken_is_passed_over(database):
    for _ in range(3):
        talk(database).create(FIELDS)
    with database.writing() as connection:
        connection.execute(table.delete().where(table.c.ts == "TS-3"))
        connection.execute(table.update().where(table.c.ts == "TS-2").values(ts="TS-3"))
        connection.execute(
            table.update().where(table.c.ts == "TS-1").values(ts="TS-2", created_at=FakeClock().move(hours=1))
        )
    assert talk(database).create(FIELDS) == Delivered("TS-4")


def test_an_issue_is_found_where_it_was_told(database):
    talk(database).create(FIELDS)
    assert talk(database).find("escalator-1") == "TS-1"
    assert talk(database).find("escalator-2") == ""
    assert talk(database, MessageContext(None, 1042, "elsewhere")).find("escalator-1") == ""


def test_every_status_leads_to_every_other(database):
    talk(database).create(FIELDS)
    for category in (Category.DONE, Category.NEW, Category.INDETERMINATE, Category.DONE):
        offered = talk(database).transitions("TS-1")
        assert category in {way.to for way in offered}
        talk(database).move("TS-1", next(way.id for way in offered if way.to is category))
        assert talk(database).read("TS-1").category is category
        assert category not in {way.to for way in talk(database).transitions("TS-1")}


def test_no_word_of_an_issue_stands_in_the_open(database):
    talk(database).create(FIELDS)
    talk(database).comment_once("TS-1", "mark", "nobody may read this either")
    with database.reading() as connection:
        row = connection.execute(select(*[cast(column, String) for column in table.c])).one()
    assert "nobody" not in repr(row)


def test_an_issue_that_was_purged_is_gone(database):
    talk(database).create(FIELDS)
    with database.writing() as connection:
        connection.execute(table.update().values(sealed_payload=None))
    assert talk(database).find("escalator-1") == ""
    assert [talk(database).read("TS-1"), talk(database).edit("TS-1", {}), talk(database).transitions("TS-1")] == [
        GONE
    ] * 3


@pytest.mark.parametrize("key", ["${JIRA_PROJECT}", "", "A" * 40])
def test_a_project_that_cannot_be_one_is_a_wrong_destination(database, key):
    made = talk(database).create(FIELDS | {"project": {"key": key}})
    assert made == Failed(FailureReason.BAD_TARGET, "project")
    with database.reading() as connection:
        assert sandbox_inbox.newest(connection, 10, FakeClock().now()) == []


class Away(Database):
    """A database that nobody can reach."""

    def reading(self):
        raise Unavailable("away")

    writing = reading


def test_an_inbox_that_cannot_be_reached_is_tried_again():
    away = talk(Away("sqlite://"))
    answers = [away.find("x"), away.create(FIELDS), away.read("TS-1"), away.edit("TS-1", {}), away.transitions("TS-1")]
    assert answers == [Failed(FailureReason.UNREACHABLE, "inbox")] * 5
