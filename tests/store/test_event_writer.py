"""Events that arrive together share a commit, and each request gets its own answer."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, select
from uuid6 import uuid7

from escalator.errors import Unavailable
from escalator.services.core.context import Core
from escalator.store import Database, event_writer, events
from escalator.store.event_writer import EventWriter
from escalator.store.events import EventState, StoredEvent
from escalator.store.tables import events as table

NOW = datetime(2026, 5, 5, tzinfo=UTC)


def event(name: str) -> StoredEvent:
    return StoredEvent(uuid7(), "chat", name.rjust(64, "0"), "x", NOW, EventState.NEW)


class Door:
    """A database whose statements wait until the door opens, and which notes how many events each has written."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.opened, self.reached = Event(), Event()
        self.refused: frozenset[str] = frozenset()
        self.error: Exception = ValueError("refused")
        self.written: list[int] = []

    @contextmanager
    def one_statement(self, _within_s: float) -> Any:
        self.reached.set()
        assert self.opened.wait(20)
        with self.database.one_statement() as connection:
            yield connection


@pytest.fixture
def door(core: Core, monkeypatch: pytest.MonkeyPatch) -> Door:
    made, real = Door(core.database), events.insert_all

    def insert_all(connection: Any, new: list[StoredEvent]) -> frozenset[Any]:
        made.written.append(len(new))
        if any(one.sha256 in made.refused for one in new):
            raise made.error
        return real(connection, new)

    monkeypatch.setattr(event_writer.events, "insert_all", insert_all)
    return made


def together(door: Door, *names: str) -> list[Future[bool]]:
    """Let a first event wait at the door, and these arrive meanwhile; return their answers."""
    writer = EventWriter(door)  # type: ignore[arg-type]
    with ThreadPoolExecutor(len(names) + 1) as pool:
        first = pool.submit(writer.insert, event("first"))
        assert door.reached.wait(20)
        answers = [pool.submit(writer.insert, event(name)) for name in names]
        while len(writer._waiting) < len(names):
            pass
        door.opened.set()
    assert first.result()
    return answers


def stored(core: Core) -> int:
    with core.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_lone_event_waits_for_nobody(core: Core, door: Door) -> None:
    door.opened.set()
    writer = EventWriter(door)  # type: ignore[arg-type]
    assert [writer.insert(event(name)) for name in ("a", "b", "a")] == [True, True, False]
    assert door.written == [1, 1, 1]


def test_what_arrives_while_one_is_written_is_written_together(core: Core, door: Door) -> None:
    answers = together(door, "a", "b", "c")
    assert [answer.result() for answer in answers] == [True, True, True]
    assert (door.written, stored(core)) == ([1, 3], 4)


def test_of_two_equal_ones_that_arrive_together_one_is_new(core: Core, door: Door) -> None:
    answers = together(door, "a", "a", "first")
    assert sorted(answer.result() for answer in answers) == [False, False, True]
    assert stored(core) == 2


def test_one_that_the_database_refuses_takes_no_other_with_it(core: Core, door: Door) -> None:
    bad = event("bad").sha256
    door.refused = frozenset({bad})
    answers = together(door, "a", "bad", "b")
    assert [type(answer.exception()) for answer in answers] == [type(None), ValueError, type(None)]
    assert stored(core) == 3


def test_without_a_database_everybody_is_told_so_and_nothing_is_left_behind(core: Core, door: Door) -> None:
    door.refused, door.error = frozenset({event("b").sha256}), Unavailable("away")
    answers = together(door, "a", "b")
    assert [str(answer.exception()) for answer in answers] == ["away", "away"]
    assert stored(core) == 1


def test_a_crowd_is_written_in_bounded_statements(core: Core, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_writer, "MOST_TOGETHER", 2)
    answers = together(door, "a", "b", "c", "d", "e")
    assert all(answer.result() for answer in answers)
    assert door.written == [1, 2, 2, 1]


def test_who_waits_too_long_is_sent_away(core: Core, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_writer, "WAIT_S", 0.01)
    writer = EventWriter(door)  # type: ignore[arg-type]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(writer.insert, event("first"))
        assert door.reached.wait(20)
        with pytest.raises(Unavailable):
            writer.insert(event("a"))
        door.opened.set()
        assert first.result()
    assert writer.insert(event("b"))
    assert stored(core) == 2


def test_large_events_are_written_alone(core: Core, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_writer, "MOST_BYTES", 10)
    writer = EventWriter(door)  # type: ignore[arg-type]
    for name, size in (("a", 6), ("b", 6), ("c", 4), ("d", 40), ("e", 1)):
        writer._waiting.append(event_writer._Waiting(replace(event(name), sealed_body=b"x" * size)))
    assert [[len(one.event.sealed_body or b"") for one in writer._take()] for _ in range(4)] == [[6], [6, 4], [40], [1]]


def test_whatever_happens_while_it_is_written_nobody_waits_for_ever(
    core: Core, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_connection: Any, _new: Any) -> frozenset[Any]:
        raise KeyboardInterrupt

    door.opened.set()
    monkeypatch.setattr(event_writer.events, "insert_all", interrupted)
    writer = EventWriter(door)  # type: ignore[arg-type]
    other = event_writer._Waiting(event("b"))
    writer._waiting.append(other)
    with pytest.raises(KeyboardInterrupt):
        writer.insert(event("a"))
    assert isinstance(other.error, Unavailable)
    assert not writer._turn.locked()


def test_an_event_that_is_stored_is_not_refused_because_the_next_one_is_being_written(
    core: Core, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_writer, "WAIT_S", 0.01)
    writer = EventWriter(door)  # type: ignore[arg-type]
    stored_meanwhile = event_writer._Waiting

    class Stored(stored_meanwhile):  # type: ignore[misc,valid-type]
        """Written by another request while its own waits for its turn."""

        @property
        def is_over(self) -> bool:
            if writer._turn.locked():
                self.is_new = True
            return False

    monkeypatch.setattr(event_writer, "_Waiting", Stored)
    with writer._turn:
        assert writer.insert(event("a"))
