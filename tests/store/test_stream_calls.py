"""Calls to Stream: claimed by one process, results refused from whoever lost the claim, and what is known of them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from uuid6 import uuid7

from escalator.store import stream_calls
from escalator.store.stream_calls import CallState, FailedPart
from escalator.store.tables import incidents
from escalator.store.tables import stream_calls as table
from tests.store.rows import an_incident, write

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
TIMEOUT = timedelta(seconds=6)


@pytest.fixture
def incident(core):
    row = an_incident(core)
    write(core, incidents, row)
    return row


@pytest.fixture
def add(core, incident):
    """Store a call and return its id."""

    def write_call(**fields):
        now = core.clock.now()
        made = {
            "id": uuid7(),
            "incident_id": incident["id"],
            "action_id": uuid4(),
            "position": 0,
            "action_key": "remove",
            "part": "delete",
            "person": "ana",
            "policy_version_id": incident["policy_version_id"],
            "source": "chat",
            "mode": "production",
            "item_id": "item",
            "user_id": "mod-1",
            "target_digest": "",
            "state": "new",
            "created_at": now,
            "next_attempt_at": now,
            "expires_at": now + 2 * HOUR,
            **fields,
        }
        write(core, table, made)
        return made["id"]

    return write_call


def claim(core, at=None):
    with core.database.writing() as connection:
        return stream_calls.claim_next(connection, at or core.clock.now(), uuid4(), TIMEOUT)


def test_what_has_been_due_longest_is_claimed_once_and_what_is_not_due_stays(core, add):
    now = core.clock.now()
    second, first = add(), add(next_attempt_at=now - SECOND)
    add(next_attempt_at=now + SECOND)
    add(state="done")
    assert [claim(core).id, claim(core).id, claim(core)] == [first, second, None]


def test_the_call_of_a_process_that_died_is_claimed_anew_and_its_result_is_refused(core, add):
    add()
    dead = claim(core)
    assert claim(core) is None
    later = core.clock.now() + TIMEOUT + SECOND
    heir = claim(core, later)
    assert (heir.id, heir.state) == (dead.id, CallState.SENDING)
    with core.database.writing() as connection:
        assert not stream_calls.note_attempt(connection, dead, later)
        assert not stream_calls.end(connection, dead, CallState.DONE, later)
        assert not stream_calls.put_off(connection, dead, CallState.UNKNOWN, later, "timeout")
        assert stream_calls.end(connection, heir, CallState.DONE, later)


def test_what_has_failed_is_counted_by_part_and_reason_the_most_frequent_first(core, add):
    now = core.clock.now()
    for fields in (
        {"reason": "no_longer_there"},
        {"part": "ban", "reason": "forbidden"},
        {"part": "ban", "reason": "forbidden"},
        {"part": "restore", "ended_at": now - 2 * HOUR},
        {"source": "another"},
        {"state": "done"},
    ):
        add(**{"state": "failed", "ended_at": now} | fields)
    with core.database.reading() as connection:
        failed = stream_calls.failed_since(connection, "chat", now - HOUR)
    assert failed == [FailedPart("ban", "forbidden", 2), FailedPart("delete", "no_longer_there", 1)]


@pytest.mark.parametrize(("state", "waits"), [(state, state in {"new", "sending", "unknown"}) for state in CallState])
def test_the_oldest_that_waits_for_stream_is_found(core, add, state, waits):
    now = core.clock.now()
    add(state=state, created_at=now - 2 * HOUR, part="ban", reason="timeout")
    add(created_at=now - HOUR)
    add(created_at=now - 3 * HOUR, source="another")
    with core.database.reading() as connection:
        oldest = stream_calls.oldest_waiting(connection, "chat")
    expected = (now - 2 * HOUR, "ban", "timeout") if waits else (now - HOUR, "delete", "")
    assert oldest == expected
