"""The inbox that stands in Slack's place: everything arrives, nothing leaves, no word stands in the open."""

import re

import pytest
from sqlalchemy import LargeBinary, String, cast, insert, select
from uuid6 import uuid7

from escalator.channels.slack.api import Workspace
from escalator.channels.slack.sandbox import SandboxSlack
from escalator.encryption import Seal
from escalator.errors import Unavailable
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.model.sandbox_item import InboxItemType
from escalator.sandbox.inbox import DatabaseInbox, open_payload
from escalator.store import Database, sandbox_inbox
from escalator.store.tables import sandbox_inbox as table
from tests.fakes import START, FakeClock

pytestmark = pytest.mark.every_database

CHANNEL = MessageContext(None, 1042, "critical-alerts")
ANA = MessageContext(None, 1042, "person:ana", "ana")
WORDS = "nobody may read this"


def said(text, *blocks):
    return {
        "text": text,
        "blocks": [{"type": "section", "text": {"type": "plain_text", "text": one}} for one in blocks],
    }


class Phone:
    """An inbox under test, with eyes."""

    def __init__(self, database_url):
        self.clock = FakeClock()
        self.seal = Seal(["key"])
        self.database = Database(database_url)
        self.slack = SandboxSlack(DatabaseInbox(self.database, self.seal, self.clock))

    def items(self, *, limit=100, views_since=START):
        with self.database.reading() as connection:
            return sandbox_inbox.newest(connection, limit, views_since)

    def shown(self):
        return [open_payload(item, self.seal) for item in self.items()]


@pytest.fixture
def phone(database_url):
    phone = Phone(database_url)
    yield phone
    phone.database.close()


def ts_of(delivered):
    return delivered.ref.rpartition("/")[2]


def test_a_message_stands_where_its_reference_says(phone):
    delivered = phone.slack.post(CHANNEL, "#critical-alerts", said("Look", "at this"))

    (item,) = phone.items()
    assert delivered == Delivered(f"#critical-alerts/{item.ts}")
    assert (item.type, item.channel, item.created_at) == (InboxItemType.MESSAGE, "slack", START)
    assert (item.destination, item.address, item.person, item.number) == (
        "critical-alerts",
        "#critical-alerts",
        None,
        1042,
    )
    assert (item.thread_ts, item.broadcast, item.updated_at) == (None, False, None)
    assert open_payload(item, phone.seal) == {**said("Look", "at this"), "first_text": "Look"}


def test_every_message_has_a_ts_of_its_own_that_looks_like_slacks(phone):
    stamps = [ts_of(phone.slack.post(CHANNEL, "#a", said(str(n)))) for n in range(50)]

    assert len(set(stamps)) == 50
    assert all(re.fullmatch(r"\d{10}\.\d{6}", stamp) for stamp in stamps)


def test_a_ts_that_is_taken_is_not_given_again(phone, monkeypatch):
    drawn = iter([7, 7, 7, 8])
    monkeypatch.setattr("secrets.randbelow", lambda _limit: next(drawn))

    first, second = (phone.slack.post(CHANNEL, "#a", said("same second")) for _ in range(2))

    assert (ts_of(first)[-6:], ts_of(second)[-6:]) == ("000007", "000008")


def test_an_inbox_without_a_free_ts_says_that_it_may_be_tried_again(phone, monkeypatch):
    monkeypatch.setattr("secrets.randbelow", lambda _limit: 7)
    phone.slack.post(CHANNEL, "#a", said("first"))

    failed = phone.slack.post(CHANNEL, "#a", said("second"))

    assert failed.reason.is_retryable
    assert len(phone.items()) == 1


def test_a_reply_stands_in_its_thread_and_in_the_channel_when_it_is_broadcast(phone):
    full = ts_of(phone.slack.post(CHANNEL, "#a", said("full")))

    phone.slack.post(CHANNEL, "#a", said("reply"), thread_ts=full, broadcast=True)

    _, reply = phone.items()
    assert (reply.thread_ts, reply.broadcast) == (full, True)


def test_an_update_changes_a_message_in_its_place_and_keeps_what_rang(phone):
    delivered = phone.slack.post(ANA, "U0ANA", said("CRITICAL", "Waiting"))
    phone.clock.move(seconds=57)

    assert phone.slack.update(ANA, delivered.ref, said("Taken", "by Ana")) == delivered

    (item,) = phone.items()
    assert (item.created_at, item.updated_at) == (START, phone.clock.now())
    assert phone.shown() == [{**said("Taken", "by Ana"), "first_text": "CRITICAL"}]


@pytest.mark.parametrize(
    "ref",
    [
        pytest.param("#a/1.000000", id="a time at which nothing was said"),
        pytest.param("#b/{ts}", id="another channel's message"),
        pytest.param("{ts}", id="no channel"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_update_of_what_is_not_there_is_a_bad_target(phone, ref):
    ts = ts_of(phone.slack.post(CHANNEL, "#a", said("as it was")))

    failed = phone.slack.update(CHANNEL, ref.format(ts=ts), said("changed"))

    assert failed.reason is FailureReason.BAD_TARGET
    assert [shown["text"] for shown in phone.shown()] == ["as it was"]


def test_an_answer_to_a_click_cannot_be_updated_as_a_message(phone):
    answer = phone.slack.ephemeral(ANA, "#a", "U0ANA", said("only you see this"))

    assert phone.slack.update(ANA, answer.ref, said("changed")).reason is FailureReason.BAD_TARGET


def test_an_answer_to_a_click_is_seen_by_one_person_where_the_message_stands(phone):
    phone.slack.post(CHANNEL, "#a", said("full"))
    clicked_in_the_channel = MessageContext(None, 1042, "#a", "ana")

    phone.slack.ephemeral(clicked_in_the_channel, "#a", "U0ANA", said("Ben has it"))

    _, answer = phone.items()
    assert (answer.type, answer.destination, answer.address, answer.person) == (
        InboxItemType.EPHEMERAL,
        "critical-alerts",
        "#a",
        "ana",
    )


def test_a_stranger_is_called_by_their_id_at_slack(phone):
    phone.slack.ephemeral(MessageContext(None, None, ""), "#a", "U0WHO", said("You are not in the policy"))

    (answer,) = phone.items()
    assert (answer.destination, answer.person) == ("#a", "U0WHO")


def test_a_window_opens_on_the_phone_of_whose_click_it_was(phone):
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Resolve #1042"}, "blocks": []}

    phone.slack.open_view(MessageContext(None, 1042, "#a", "ana"), "U0ANA.1755698580.000001", view)

    (item,) = phone.items()
    assert (item.type, item.destination, item.address, item.person) == (
        InboxItemType.VIEW,
        "person:ana",
        "U0ANA",
        "ana",
    )
    assert phone.shown() == [{"view": view}]


def test_there_is_no_address_to_answer_a_click_at(phone):
    failed = phone.slack.respond(ANA, "https://hooks.slack.com/actions/1", said("no"))

    assert failed.reason is FailureReason.NOT_SUPPORTED
    assert phone.items() == []


def test_the_workspace_is_the_sandbox(phone):
    workspace = phone.slack.auth_test()

    assert isinstance(workspace, Workspace)
    assert workspace.team_id == "SANDBOX"


def test_no_word_of_a_message_stands_outside_the_sealed_column(phone):
    delivered = phone.slack.post(CHANNEL, "#a", said(WORDS, WORDS))
    phone.slack.update(CHANNEL, delivered.ref, said(f"{WORDS}, changed", WORDS))
    phone.slack.ephemeral(ANA, "#a", "U0ANA", said(WORDS))
    phone.slack.open_view(ANA, "U0ANA.1", {"title": {"text": WORDS}, "blocks": []})

    plain = [cast(column, String) for column in table.c if not isinstance(column.type, LargeBinary)]
    with phone.database.reading() as connection:
        rows = connection.execute(select(*plain)).all()
        sealed = connection.scalars(select(table.c.sealed_payload)).all()
    assert len(rows) == 3
    assert not [value for row in rows for value in row if WORDS in str(value)]
    assert not [one for one in sealed if WORDS.encode() in one]
    assert all(WORDS in str(shown) for shown in phone.shown())


def test_what_has_been_purged_says_nothing_and_can_still_be_brought_up_to_date(phone):
    delivered = phone.slack.post(CHANNEL, "#a", said(WORDS))
    with phone.database.writing() as connection:
        connection.execute(table.update().values(sealed_payload=None))
    assert phone.shown() == [{}]

    assert phone.slack.update(CHANNEL, delivered.ref, said("resolved")) == delivered

    assert phone.shown() == [{**said("resolved"), "first_text": ""}]


def test_the_newest_come_oldest_first_and_windows_are_soon_gone(phone):
    for text in ("one", "two"):
        phone.slack.post(CHANNEL, "#a", said(text))
    phone.slack.open_view(ANA, "U0ANA.1", {"title": {"text": "a window"}, "blocks": []})
    phone.clock.move(minutes=1)
    phone.slack.post(CHANNEL, "#a", said("three"))

    everything = [item.type for item in phone.items()]
    later = [open_payload(item, phone.seal)["text"] for item in phone.items(limit=2, views_since=phone.clock.now())]

    assert everything == ["message", "message", "view", "message"]
    assert later == ["two", "three"]


class Absent(Database):
    """A database that cannot be asked."""

    def reading(self):
        raise Unavailable("away")

    writing = one_statement = reading


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda slack: slack.post(CHANNEL, "#a", said("x")), id="post"),
        pytest.param(lambda slack: slack.update(CHANNEL, "#a/1.0", said("x")), id="update"),
        pytest.param(lambda slack: slack.ephemeral(ANA, "#a", "U0ANA", said("x")), id="ephemeral"),
        pytest.param(lambda slack: slack.open_view(ANA, "U0ANA.1", {}), id="open_view"),
    ],
)
def test_without_the_database_every_call_may_be_tried_again(call):
    failed = call(SandboxSlack(DatabaseInbox(Absent("sqlite://"), Seal(["key"]), FakeClock())))

    assert isinstance(failed, Failed)
    assert failed.reason.is_retryable


def test_rows_of_another_channel_are_told_apart(phone):
    values = {"id": uuid7(), "created_at": START, "type": "message", "channel": "email", "destination": "ts-leads"}
    values |= {"address": "leads@example.com", "ts": "1.000000", "broadcast": False}
    with phone.database.writing() as connection:
        connection.execute(insert(table).values(**values))

    (item,) = phone.items()

    assert item.channel == "email"


def test_nobody_is_looked_up_in_the_sandbox(phone):
    assert phone.slack.user("U0ANA") == Failed(FailureReason.BAD_TARGET, "user_not_found")
