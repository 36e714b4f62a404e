"""What is known of the items of Stream's queue: the newest state wins, in every order."""

from datetime import timedelta

import pytest

from escalator.model.facts import ItemState
from escalator.store import stream_items
from escalator.store.stream_items import SeenItem
from escalator.store.tables import stream_items as table
from tests.fakes import START

MINUTE = timedelta(minutes=1)


def a_state(minutes, reviewed=None, item_id="a"):
    return ItemState(item_id, START + minutes * MINUTE, None if reviewed is None else START + reviewed * MINUTE)


def see(core, *states, source="chat", seen_at=START):
    with core.database.writing() as connection:
        stream_items.record_seen(connection, [SeenItem(source, state, seen_at) for state in states])


def row(core, item_id="a"):
    with core.database.reading() as connection:
        return connection.execute(table.select().where(table.c.item_id == item_id)).one()


@pytest.mark.parametrize("batches", [[(1, 2)], [(2, 1)], [(1,), (2,)], [(2,), (1,)]], ids=str)
def test_the_newest_state_is_kept_in_one_batch_and_in_several(core, batches):
    for batch in batches:
        see(core, *(a_state(minutes, reviewed=minutes if minutes == 2 else None) for minutes in batch))
    with core.database.reading() as connection:
        known = stream_items.known_states(connection, "chat", ["a", "b"])
        other = stream_items.known_states(connection, "games", ["a"])
    assert known == {"a": a_state(2, reviewed=2)}
    assert other == {}


def test_an_older_state_that_comes_late_says_nothing_of_the_present_one(core):
    see(core, a_state(2), seen_at=START)
    see(core, a_state(1), seen_at=START + MINUTE)
    assert row(core).confirmed_at == START
    see(core, a_state(2), seen_at=START + 2 * MINUTE)
    assert row(core).confirmed_at == START + 2 * MINUTE


def test_what_is_missing_is_told_once_and_asked_for_ever_more_rarely(core):
    first, waits, now = [], [], START
    with core.database.writing() as connection:
        for _time in range(10):
            first.append(stream_items.record_missing(connection, "chat", ["b", "a"], now, 10 * MINUTE))
            waits.append((row_in(connection).check_after - now) // MINUTE)
    assert first == [("a", "b"), *[()] * 9]
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]
    see(core, a_state(1))
    assert (row(core).misses, row(core).check_after) == (0, None)


def row_in(connection):
    return connection.execute(table.select().where(table.c.item_id == "a")).one()


def test_what_was_lost_is_counted_by_source_and_time(core):
    see(core, a_state(1), a_state(1, item_id="b"), a_state(1, item_id="c"))
    with core.database.writing() as connection:
        stream_items.record_lost(connection, "chat", ["a"], START)
        stream_items.record_lost(connection, "chat", ["b"], START + 2 * MINUTE)
        stream_items.record_lost(connection, "games", ["c"], START + 2 * MINUTE)
        stream_items.record_lost(connection, "chat", [], START)
        counts = [stream_items.count_lost(connection, "chat", START + n * MINUTE) for n in (0, 1, 3)]
    assert counts == [2, 1, 0]
