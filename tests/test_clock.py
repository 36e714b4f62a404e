"""The clock of a process goes on by itself between two measurements, whatever is done to that of its machine."""

from datetime import UTC, datetime, timedelta

import pytest

from escalator.clock import SystemClock

HOUR = timedelta(hours=1)
START = datetime(2026, 8, 20, 14, 3, tzinfo=UTC)


class Machine:
    """A machine whose clocks are moved: the one that is set, and the one that never jumps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.ticks = START, 100.0
        monkeypatch.setattr("escalator.clock._wall", lambda: self.wall)
        monkeypatch.setattr("escalator.clock.monotonic", lambda: self.ticks)

    def pass_(self, span: timedelta) -> None:
        self.wall += span
        self.ticks += span.total_seconds()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, timedelta(days=400)])
def test_a_machine_whose_clock_is_set_makes_nothing_due_and_no_lease_end(machine: Machine, jump: timedelta) -> None:
    clock = SystemClock()
    clock.follow(START + HOUR)
    machine.pass_(timedelta(seconds=1))
    machine.wall += jump
    assert clock.now() == START + HOUR + timedelta(seconds=1)
    clock.follow(START + HOUR + timedelta(seconds=1))
    assert clock.offset == HOUR - jump
    machine.pass_(timedelta(seconds=1))
    assert clock.now() == START + HOUR + timedelta(seconds=2)


def test_without_a_database_that_knows_the_time_the_machine_is_followed(machine: Machine) -> None:
    clock = SystemClock()
    machine.wall += HOUR
    assert clock.now() == START
    clock.follow()
    assert (clock.now(), clock.offset) == (START + HOUR, timedelta(0))
