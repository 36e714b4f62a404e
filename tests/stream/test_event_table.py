"""Every row of the table in RULES 1, with a stored sample of it in both encodings of time."""

import pytest

from escalator.stream.envelope import EnvelopeKind, read_envelope
from escalator.stream.read_event import observe
from tests.stream.bodies import ENCODINGS, NAMES, RECEIVED_AT, stored
from tests.stream.event_table import TABLE, Effect


def test_every_stored_sample_is_in_the_table() -> None:
    assert sorted(TABLE) == NAMES


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", TABLE)
def test_an_event_does_what_the_table_says(name: str, encoding: str) -> None:
    body, effect = stored(name, encoding), TABLE[name]
    found = observe(body, RECEIVED_AT)
    kept = read_envelope(body).kind is EnvelopeKind.HANDLED
    if effect is None:
        assert (found, kept) == (None, False)
    else:
        assert found is not None
        assert kept
        assert found.event_type == name.split("__")[0]
        assert found.facts.values("event") == {found.event_type}
        assert Effect(found.opens, found.waits, found.only_if_named, found.review is not None) == effect


@pytest.mark.parametrize("name", NAMES)
def test_both_encodings_of_time_say_the_same(name: str) -> None:
    assert observe(stored(name, "rfc3339"), RECEIVED_AT) == observe(stored(name, "unix_ns"), RECEIVED_AT)


def test_only_shown_events_bring_no_fact_but_themselves() -> None:
    for name in ("message.deleted__by_author", "message.unblocked", "user.unbanned", "flag.updated"):
        found = observe(stored(name), RECEIVED_AT)
        assert found is not None
        assert set(found.facts.seen) == {"event"}
        assert not found.facts.latest
