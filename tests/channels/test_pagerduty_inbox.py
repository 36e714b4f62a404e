"""The inbox that stands in PagerDuty's place: one row for each alert, which follows what is sent for it."""

import pytest

from escalator.channels.pagerduty.channel import PagerDutyChannel
from escalator.channels.pagerduty.sandbox import SandboxEvents
from escalator.channels.stand_in import NOT_NOW
from escalator.encryption import Seal
from escalator.model.incident import State
from escalator.model.message import Delivered, MessageContext, Occasion
from escalator.sandbox.inbox import DatabaseInbox, open_payload
from escalator.store import Database, sandbox_inbox
from tests.channels.pagerduty_messages import KEY, OVER, QUIET, notice, say
from tests.fakes import START, FakeClock
from tests.rendering.builders import TAKEN

ROUTING_KEY = "R" * 32
PAGER = MessageContext(None, 1042, "ts-pager")


class Account:
    """An inbox under test, with eyes; `routing_key` is what the notifications are addressed to."""

    routing_key = ROUTING_KEY

    def __init__(self, database_url):
        self.seal = Seal(["key"])
        self.database = Database(database_url)
        self.channel = PagerDutyChannel(SandboxEvents(DatabaseInbox(self.database, self.seal, FakeClock())))

    def items(self):
        with self.database.reading() as connection:
            return sandbox_inbox.newest(connection, 100, START)

    def shown(self):
        return [open_payload(item, self.seal) for item in self.items()]

    def say(self, ref=None, context=PAGER, **how):
        return say(self, ref, context=context, **how)


@pytest.fixture
def account(database_url):
    account = Account(database_url)
    yield account
    account.database.close()


def test_an_alert_is_kept_as_it_would_have_been_sent_without_its_routing_key(account):
    assert account.channel.send(account.say()) == Delivered(KEY)
    (item,), (said,) = account.items(), account.shown()
    assert (item.channel, item.destination, item.address, item.number) == ("pagerduty", "ts-pager", "ts-pager", 1042)
    assert said["text"] == said["first_text"] == said["pagerduty"]["payload"]["summary"]
    assert (said["pagerduty"]["status"], said["pagerduty"]["dedup_key"]) == ("triggered", KEY)
    assert ROUTING_KEY not in repr((item, said))


@pytest.mark.parametrize(
    ("calls", "status"),
    [
        pytest.param([TAKEN], "acknowledged", id="acknowledged"),
        pytest.param([TAKEN, {**OVER, **QUIET}], "resolved", id="resolved"),
        pytest.param([TAKEN, {}], "acknowledged", id="a trigger takes no acknowledgement back"),
        pytest.param([{**OVER, **QUIET}, TAKEN], "resolved", id="nothing open is acknowledged"),
        pytest.param([{**OVER, **QUIET}, {}], "triggered", id="a trigger after the end opens it anew"),
    ],
)
def test_the_row_follows_the_alert(account, calls, status):
    account.channel.send(account.say())
    for how in calls:
        assert account.channel.update(account.say(KEY, **how)) == Delivered(KEY)
    (said,) = account.shown()
    assert said["pagerduty"]["status"] == status
    assert said["pagerduty"]["payload"]["severity"] == "critical"


def test_the_row_shows_the_newest_words_and_keeps_the_first(account):
    account.channel.send(account.say())
    account.channel.send(account.say(KEY, step=1))
    (said,) = account.shown()
    assert said["first_text"].startswith("CRITICAL · Self-harm · acknowledge")
    assert said["text"].startswith("Nobody answered")


def test_what_acknowledges_or_resolves_nothing_leaves_no_row(account):
    for how in (TAKEN, {"state": State.MERGED, **QUIET}):
        assert account.channel.update(account.say(KEY, **how)) == Delivered(KEY)
    assert account.items() == []


def test_every_destination_and_every_round_has_a_row_of_its_own(account):
    account.channel.send(account.say())
    account.channel.send(account.say(context=MessageContext(None, 1042, "other-pager")))
    account.channel.send(account.say(round=2))
    account.channel.update(account.say(KEY, **TAKEN))
    assert [said["pagerduty"]["status"] for said in account.shown()] == ["acknowledged", "triggered", "triggered"]


def test_the_products_own_trouble_is_kept_too(account):
    assert account.channel.send(notice(account, Occasion.ALARM)) == Delivered("escalator-a-key")
    assert account.shown()[0]["text"] == "Escalator needs attention"


def test_without_the_database_it_is_tried_again(account):
    account.database.close()
    nowhere = SandboxEvents(DatabaseInbox(Database("sqlite:////nowhere/at/all.db"), account.seal, FakeClock()))
    assert PagerDutyChannel(nowhere).send(account.say()) == NOT_NOW
