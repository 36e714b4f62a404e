"""What webhooks tell of Stream's review queue, and events of our own that stand in for those that never came."""

import json

import pytest
from uuid6 import uuid7

from escalator.ports import PROCESS_EVENTS
from escalator.store import events, purge, stream_items
from escalator.store.events import EventState, StoredEvent
from escalator.store.tables import events as event_table
from escalator.stream.recovered import TYPE, body_of, digest_of, state_of
from tests.stream.bodies import ITEM_ID

NEW = "review_queue_item.new__text_self_harm_critical"
REVIEWED = "review_queue_item.updated__mark_reviewed"
SAID = "Recovered from Stream's queue: its webhook never came"


@pytest.fixture
def known(h):
    """Return what is known of the item, whatever happened to its events."""

    def read():
        with h.core.database.reading() as connection:
            return stream_items.known_states(connection, "chat", [ITEM_ID]).get(ITEM_ID)

    return read


def item_of(h, name):
    return json.loads(h.sample(name))["review_queue_item"]


def recover(h, name):
    """Store what Stream's queue says after that webhook, and let the workers process it."""
    item = item_of(h, name)
    body = h.core.seal.seal(body_of(item, was_lost=True))
    event = StoredEvent(uuid7(), "chat", digest_of(item), TYPE, h.clock.now(), EventState.NEW, sealed_body=body)
    with h.core.database.writing() as connection:
        events.insert(connection, event)
    h.core.queue.publish(PROCESS_EVENTS)
    h.work()


def test_webhooks_tell_the_state_of_an_item_in_any_order_and_it_outlives_the_content(h, known):
    h.post(REVIEWED)
    h.post(NEW)
    h.forget_seen()
    assert known() == state_of(item_of(h, REVIEWED))
    h.clock.move(days=3650)
    with h.core.database.writing() as connection:
        connection.execute(event_table.update().values(sealed_body=None))
        purge.purge_content(connection, h.clock.now(), retain=h.clock.now() - h.clock.now())
    assert known() == state_of(item_of(h, REVIEWED))


def test_what_was_recovered_opens_an_incident_and_the_late_webhook_changes_nothing(h, known):
    recover(h, NEW)
    h.forget_seen()
    assert h.incident()["state"] == "triggered"
    assert known() == state_of(item_of(h, NEW))
    assert [row["action"] for row in h.records("incident.opened", "incident.recovered")] == [
        "incident.opened",
        "incident.recovered",
    ]
    before = h.incident()
    h.post(NEW)
    unchanged = ("state", "round", "step", "due_at", "fence", "severity", "category")
    assert [h.incident()[name] for name in unchanged] == [before[name] for name in unchanged]
    messages = len(h.slack.messages)
    h.expect_updates(*(m for m in h.slack.messages if m.updates))
    assert len(h.slack.messages) == messages


def test_a_review_of_an_item_never_seen_opens_it_as_held_and_notifies_nobody(h):
    recover(h, REVIEWED)
    h.expect_nothing()
    assert h.incident()["state"] == "acknowledged"


def test_as_a_webhook_it_is_dropped(h, known):
    assert h.send(body_of(item_of(h, NEW), was_lost=True)).status_code == 200
    h.expect_nothing()
    assert known() is None
    assert h.count(event_table, state="ignored", sealed_body=None) == 1
