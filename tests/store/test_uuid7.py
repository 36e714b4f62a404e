"""A range of ids is a span of time."""

from datetime import UTC, datetime, timedelta

from uuid6 import uuid7

from escalator.store.uuid7 import first_id


def test_an_id_lies_between_those_of_the_instants_around_it():
    before, drawn, after = datetime.now(UTC), uuid7(), datetime.now(UTC)
    assert first_id(before - timedelta(milliseconds=1)) <= drawn < first_id(after + timedelta(milliseconds=2))


def test_the_first_id_is_of_the_version_that_is_drawn():
    assert (first_id(datetime(2026, 1, 1, tzinfo=UTC)).version, uuid7().version) == (7, 7)
