"""The process that reads queues: it follows the policy, and ends when it is asked to or when a thread is stuck."""

import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from escalator.channels.aws.queue import QueueMessage, QueueState
from escalator.clock import SystemClock
from escalator.services.maintenance import queue_intake
from escalator.services.maintenance.queue_intake import QueueIntake
from escalator.store import processes
from escalator.store.tables import events
from tests.policy.files import minimal
from tests.sandboxes import a_core

ONE, TWO = "https://sqs.eu-west-1.amazonaws.com/1/one", "https://sqs.eu-west-1.amazonaws.com/1/two"
PATIENCE_S = 30


class Queue:
    """A queue in memory. A poll ends when there is a message, or when the queue is closed."""

    def __init__(self, address):
        self.address = address
        self.deleted = []
        self._there = threading.Condition()
        self._waiting = []
        self.is_polled = threading.Event()

    def send(self, event_type):
        with self._there:
            self._waiting.append(json.dumps({"type": event_type}))
            self._there.notify_all()

    def receive(self):
        self.is_polled.set()
        with self._there:
            self._there.wait_for(lambda: self._waiting, PATIENCE_S)
            taken, self._waiting = self._waiting, []
        return [QueueMessage(text, text, text, None) for text in taken]

    def delete(self, handles):
        with self._there:
            self.deleted += handles
            self._there.notify_all()
        return

    def state(self):
        return QueueState(0, has_dead_letter_queue=True, kept_for=timedelta(days=4))

    def wait_until_deleted(self):
        with self._there:
            assert self._there.wait_for(lambda: self.deleted, PATIENCE_S)


class World:
    """A process that reads queues, in a thread, and the queues that it has opened, by address."""

    def __init__(self, core, folder, monkeypatch):
        monkeypatch.setattr(queue_intake, "HEARTBEAT_S", 0.01)
        self.core, self.folder = core, folder
        self.queues = {}
        self._opened = threading.Condition()
        self.ended = threading.Event()
        self.intake = QueueIntake(core, SystemClock(), self._open, self.ended.set)
        self._thread = threading.Thread(target=self.intake.run, daemon=True)

    def start(self):
        self._thread.start()

    def _open(self, address):
        with self._opened:
            self.queues[address] = Queue(address)
            self._opened.notify_all()
        return self.queues[address]

    def queue(self, address):
        """Return the queue at an address, once it is read."""
        with self._opened:
            assert self._opened.wait_for(lambda: address in self.queues, PATIENCE_S)
        assert self.queues[address].is_polled.wait(PATIENCE_S)
        return self.queues[address]

    def change_policy(self, text):
        (self.folder / "escalation.yml").write_text(text)

    def stop(self):
        self.intake.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


def with_queue(address):
    return minimal(("api_secret: secret", f'api_secret: secret, sqs: "{address}"'))


def stored(core):
    with core.database.reading() as connection:
        return sorted(connection.scalars(select(events.c.type)))


@pytest.fixture
def world(sqlite_url, tmp_path, monkeypatch):
    core = a_core(sqlite_url, tmp_path, policy=with_queue(ONE))
    world = World(core, tmp_path, monkeypatch)
    yield world
    world.intake.stop()
    core.database.close()


def test_it_reads_the_queue_of_the_policy_says_that_it_lives_and_ends_when_asked(world):
    world.start()
    queue = world.queue(ONE)
    queue.send("message.new")
    queue.wait_until_deleted()
    world.stop()
    assert stored(world.core) == ["message.new"]
    with world.core.database.reading() as connection:
        assert processes.last_beat(connection, "sqs") is not None


def test_it_follows_the_policy_to_another_queue_and_leaves_the_old_one_alone(world):
    world.start()
    old = world.queue(ONE)
    world.change_policy(with_queue(TWO))
    new = world.queue(TWO)
    old.send("message.new")
    new.send("message.read")
    new.wait_until_deleted()
    world.stop()
    assert stored(world.core) == ["message.read"]
    assert old.deleted == []


def test_a_thread_that_is_stuck_ends_the_process(world, monkeypatch):
    monkeypatch.setattr(queue_intake, "STUCK_S", -1.0)
    world.start()
    assert world.ended.wait(PATIENCE_S)
    world.stop()
