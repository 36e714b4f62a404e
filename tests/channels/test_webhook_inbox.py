"""The sandbox's receiver: what would have been sent, verifiable as it stands, and no address."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from escalator.channels.webhook.channel import WebhookChannel
from escalator.channels.webhook.sandbox import SandboxWebhook
from escalator.encryption import Seal
from escalator.model.message import Delivered, MessageContext
from escalator.sandbox.inbox import DatabaseInbox
from escalator.store import Database
from escalator.store.tables import sandbox_inbox
from tests.channels.webhook_messages import RESOLVED, notice, say
from tests.doubles.webhook import SECRET, WebhookDouble
from tests.fakes import FakeClock

SPARE = "what the sandbox signs with"


@pytest.fixture
def shelf(sqlite_url):
    database = Database(sqlite_url)
    yield DatabaseInbox(database, Seal(("key",)), FakeClock())
    database.close()


@pytest.fixture
def channel(shelf):
    return WebhookChannel(SandboxWebhook(shelf), FakeClock(datetime.now(UTC)), spare_secret=SPARE)


@pytest.fixture(scope="module")
def nowhere():
    with WebhookDouble() as double:
        yield double
        assert double.requests == []


def said_of(nowhere, **how):
    """A notification about an incident that this database does not have."""
    return replace(say(nowhere, **how), context=MessageContext(None, 1042, "bi-feed"))


def kept(shelf):
    """Return what is kept, the oldest first: rows, and what they say."""
    with shelf.database.reading() as connection:
        rows = connection.execute(select(sandbox_inbox).order_by(sandbox_inbox.c.created_at, sandbox_inbox.c.id)).all()
    return rows, [json.loads(shelf.seal.open(row.sealed_payload)) for row in rows]


def test_a_message_is_kept_as_it_would_have_been_sent(shelf, channel, nowhere):
    done = channel.send(said_of(nowhere, rung=(1, 0, 1)))
    (row,), (said,) = kept(shelf)
    assert (row.channel, row.destination, row.address, row.number) == ("webhook", "bi-feed", "bi-feed", 1042)
    assert done == Delivered(f"bi-feed/{row.ts}")
    assert said["text"] == said["first_text"] == "incident.opened #1042"
    assert Webhook(SECRET).verify(said["webhook"]["body"], said["webhook"]["headers"])["data"]["number"] == 1042


def test_what_becomes_of_it_is_a_message_of_its_own(shelf, channel, nowhere):
    ref = channel.send(said_of(nowhere)).ref
    assert channel.update(said_of(nowhere, ref=ref, **RESOLVED)) == Delivered(ref)
    assert [said["text"] for said in kept(shelf)[1]] == ["incident.escalated #1042", "incident.resolved #1042"]


def test_trouble_has_no_number(shelf, channel, nowhere):
    channel.send(replace(notice(nowhere), context=MessageContext(None, None, "bi-feed")))
    assert kept(shelf)[1][0]["text"] == "escalator.alarm"


def test_a_secret_that_is_not_set_yet_is_stood_in_for(shelf, channel, nowhere):
    channel.send(said_of(nowhere, options={"secret": ""}))
    webhook = kept(shelf)[1][0]["webhook"]
    assert Webhook(SPARE.encode()).verify(webhook["body"], webhook["headers"])


def test_the_address_is_not_kept(shelf, channel, nowhere):
    channel.send(said_of(nowhere))
    rows, said = kept(shelf)
    assert nowhere.url not in repr((rows, said))
    assert SECRET not in repr((rows, said))
