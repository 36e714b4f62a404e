"""What the workers are told, when, and how often: one thread publishes, and nobody waits for it."""

from datetime import timedelta
from queue import SimpleQueue

import pytest

from escalator.nudging import Nudger
from escalator.ports import DELIVER, ESCALATE, PROCESS_EVENTS
from tests.fakes import START, FakeClock

PATIENCE_S = 30
SOON = START + timedelta(seconds=10)


class Broker:
    """Keeps what is published; a thread of the nudger brings it, so whoever looks waits for it."""

    def __init__(self) -> None:
        self._published: SimpleQueue[tuple[str, float]] = SimpleQueue()

    def publish(self, work: str, countdown: float) -> None:
        self._published.put((work, countdown))

    def heard(self, count: int) -> list[tuple[str, float]]:
        return sorted(self._published.get(timeout=PATIENCE_S) for _ in range(count))

    def heard_until(self, last: str) -> list[tuple[str, float]]:
        """Return what was published before a word that is said last of all."""
        found = []
        while (one := self._published.get(timeout=PATIENCE_S))[0] != last:
            found.append(one)
        return sorted(found)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def nudger(broker: Broker) -> Nudger:
    return Nudger(broker.publish, FakeClock())


def test_work_is_told_at_once(nudger: Nudger, broker: Broker) -> None:
    nudger.tell(PROCESS_EVENTS)
    assert broker.heard(1) == [(PROCESS_EVENTS, 0.0)]


def test_an_alarm_is_for_deadlines_unless_said_otherwise(nudger: Nudger, broker: Broker) -> None:
    nudger.alarm(SOON)
    nudger.alarm(SOON, PROCESS_EVENTS)
    assert broker.heard(2) == [(ESCALATE, 10.0), (PROCESS_EVENTS, 10.0)]


def test_an_alarm_for_what_is_due_already_rings_at_once(nudger: Nudger, broker: Broker) -> None:
    nudger.alarm(START - timedelta(seconds=1))
    assert broker.heard(1) == [(ESCALATE, 0.0)]


@pytest.mark.parametrize(
    ("before", "work", "is_shared"),
    [
        pytest.param(0, PROCESS_EVENTS, True, id="the same instant"),
        pytest.param(30, PROCESS_EVENTS, True, id="one that comes 30 ms later does for both"),
        pytest.param(31, PROCESS_EVENTS, False, id="one that comes later than that does not"),
        pytest.param(-1, PROCESS_EVENTS, False, id="one that comes sooner does not: it would ring too early"),
        pytest.param(0, ESCALATE, False, id="one for other work does not"),
    ],
)
def test_alarms_for_the_same_work_that_are_near_to_each_other_are_one(
    nudger: Nudger, broker: Broker, before: int, work: str, is_shared: bool
) -> None:
    nudger.alarm(SOON, PROCESS_EVENTS)
    assert broker.heard(1) == [(PROCESS_EVENTS, 10.0)]
    nudger.alarm(SOON - timedelta(milliseconds=before), work)
    nudger.tell(DELIVER)
    nudger.alarm(SOON + timedelta(days=1), "the last word")
    rest = [said for said in broker.heard_until("the last word") if said[0] != DELIVER]
    assert (rest == []) is is_shared
