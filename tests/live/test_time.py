"""Time is the database's, for every process: by a wrong one it would fire early, or take the living for dead."""

from datetime import timedelta

import pytest

from escalator.bootstrap import build
from escalator.clock import SystemClock
from escalator.services.core.clock_sync import measure_clock_offset
from escalator.services.core.context import Core
from escalator.services.delivery.sender import Sender
from escalator.settings import read_settings
from escalator.store.tables import processes
from tests.live.installation import Installation, wait_until


@pytest.fixture
def clock() -> SystemClock:
    """The clock of a machine that is an hour ahead."""
    clock = SystemClock()
    clock.follow(clock.now() + timedelta(hours=1))
    return clock


@pytest.fixture
def core(on_postgres: Installation, clock: SystemClock) -> Core:
    return build(read_settings(on_postgres.environment), clock=clock)


def is_right(clock: SystemClock) -> bool:
    return abs(clock.offset) < timedelta(seconds=1)


def test_a_process_that_sends_renews_its_lease_by_the_time_of_the_database(
    core: Core, clock: SystemClock, on_postgres: Installation
) -> None:
    sender = Sender(core, clock)
    sender.start()
    try:
        assert is_right(clock)
        [row] = on_postgres.rows(processes)
        assert abs(row["last_heartbeat_at"] - on_postgres.now()) < timedelta(minutes=1)
        clock.follow(clock.now() - timedelta(hours=1))
        wait_until(lambda: is_right(clock), "the clock is set right again")
    finally:
        sender.stop(wait_s=10)
        core.database.close()


def test_an_answer_that_comes_late_tells_no_time(
    core: Core, clock: SystemClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalator.services.core.clock_sync._PROMPT_S", 0.0)
    before = clock.offset
    assert measure_clock_offset(core, clock) == before
    assert not is_right(clock)
    monkeypatch.undo()
    assert abs(measure_clock_offset(core, clock)) < timedelta(seconds=1)
    core.database.close()
