"""What the workers are told, when, and how often: one thread publishes, and nobody waits for it."""

from dataclasses import dataclass
from datetime import timedelta
from queue import SimpleQueue
from threading import Event

import pytest
import redis

from escalator.broker_state import BrokerState
from escalator.ports import DELIVER, ESCALATE, PROCESS_EVENTS
from escalator.task_publisher import GAP_S, PAUSE_S, BrokerConnection, TaskPublisher
from tests.fakes import START, FakeClock

PATIENCE_S = 30
SOON = START + timedelta(seconds=10)


class Broker:
    """Keeps what is published; a thread of the publisher brings it, so whoever looks waits for it."""

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
def publisher(broker: Broker) -> TaskPublisher:
    return TaskPublisher(broker.publish, FakeClock())


def test_work_is_told_at_once(publisher: TaskPublisher, broker: Broker) -> None:
    publisher.publish(PROCESS_EVENTS)
    assert broker.heard(1) == [(PROCESS_EVENTS, 0.0)]


def test_an_alarm_is_for_deadlines_unless_said_otherwise(publisher: TaskPublisher, broker: Broker) -> None:
    publisher.publish_at(SOON)
    publisher.publish_at(SOON, PROCESS_EVENTS)
    assert broker.heard(2) == [(ESCALATE, 10.0), (PROCESS_EVENTS, 10.0)]


def test_an_alarm_for_what_is_due_already_rings_at_once(publisher: TaskPublisher, broker: Broker) -> None:
    publisher.publish_at(START - timedelta(seconds=1))
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
    publisher: TaskPublisher, broker: Broker, before: int, work: str, is_shared: bool
) -> None:
    publisher.publish_at(SOON, PROCESS_EVENTS)
    assert broker.heard(1) == [(PROCESS_EVENTS, 10.0)]
    publisher.publish_at(SOON - timedelta(milliseconds=before), work)
    publisher.publish(DELIVER)
    publisher.publish_at(SOON + timedelta(days=1), "the last word")
    rest = [said for said in broker.heard_until("the last word") if said[0] != DELIVER]
    assert (rest == []) is is_shared


class FailingBroker(Broker):
    """Fails until it is told to work; counts who tried."""

    def __init__(self) -> None:
        super().__init__()
        self.tries: SimpleQueue[str] = SimpleQueue()
        self.works = False

    def publish(self, work: str, countdown: float) -> None:
        self.tries.put(work)
        if not self.works:
            raise redis.exceptions.ReadOnlyError("You can't write against a read only replica.")
        super().publish(work, countdown)


class Pause(Event):
    """A pause that ends when the test says so; `asked` holds how long each was to be."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: SimpleQueue[float] = SimpleQueue()
        self.over: SimpleQueue[None] = SimpleQueue()

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.asked.put(timeout)
        self.over.get()  # a publisher that its test has left waits here until the process ends
        return False


def test_after_a_failure_nothing_is_published_during_the_pause_and_alarms_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker, state, pause = FailingBroker(), BrokerState(), Pause()
    publisher = TaskPublisher(broker.publish, FakeClock(), state)
    monkeypatch.setattr(publisher, "_gap", pause)
    publisher.publish_at(SOON)
    assert broker.tries.get(timeout=PATIENCE_S) == ESCALATE
    assert pause.asked.get(timeout=PATIENCE_S) == PAUSE_S
    broker.works = True
    publisher.publish(PROCESS_EVENTS)
    publisher.publish_at(SOON + timedelta(seconds=1))
    assert broker.tries.empty(), "nobody is asked during the pause"
    assert state.failure() == "ReadOnlyError"
    pause.over.put(None)
    assert pause.asked.get(timeout=PATIENCE_S) == GAP_S
    pause.over.put(None)
    assert broker.heard(1) == [(PROCESS_EVENTS, 0.0)], "what was said meanwhile is said now"
    publisher.publish_at(SOON)
    pause.over.put(None)
    assert broker.heard(1) == [(ESCALATE, 10.0)], "an alarm that was forgotten can be set anew"


class OneServer:
    """Stands for a Celery application whose connections lead to one server for as long as they live."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.is_primary = False

    def connection_for_write(self) -> "Connection":
        self.connections.append(Connection(self.is_primary))
        return self.connections[-1]

    def send_task(self, name: str, *, countdown: float | None, connection: "Connection") -> None:
        if not connection.is_to_primary:
            raise redis.exceptions.ReadOnlyError("You can't write against a read only replica.")


@dataclass
class Connection:
    is_to_primary: bool
    is_open: bool = True

    def collect(self) -> None:
        self.is_open = False


def test_a_connection_that_said_no_is_dropped_and_the_next_leads_to_the_new_primary() -> None:
    server = OneServer()
    publish = BrokerConnection(server)
    with pytest.raises(redis.exceptions.ReadOnlyError):
        publish(ESCALATE, 0.0)
    server.is_primary = True
    publish(ESCALATE, 0.0)
    publish(ESCALATE, 0.0)
    assert [connection.is_open for connection in server.connections] == [False, True]
