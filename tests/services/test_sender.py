"""The sender's beginnings: started by whoever comes first, once, and nobody in a transaction waits for it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from types import SimpleNamespace

import pytest

from escalator.clock import SystemClock
from escalator.errors import Unavailable
from escalator.model.message import Delivered
from escalator.services.core.context import Core
from escalator.services.delivery import claim_deliveries
from escalator.services.delivery import sender as sending
from escalator.services.delivery.claim_transaction import ClaimedCalls
from escalator.services.delivery.sender import Sender
from escalator.services.outbound.bulkheads import NO_VENDOR_LANE, SenderThreads

pytestmark = pytest.mark.every_database

MANY = 8
PATIENCE_S = 30


class Heart:
    """Beats in the sender's stead: it can be held, and it can fail."""

    def __init__(self) -> None:
        self.beats, self.failing, self.failed = 0, 0, False
        self.error: Exception = Unavailable("away")
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.recovered = threading.Event()

    def beat(self, _core: Core, _kind: str, more: object = None) -> None:
        self.beats += 1
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)
        if self.failing:
            self.failing -= 1
            self.failed = True
            raise self.error
        if self.failed:
            self.recovered.set()


@pytest.fixture
def heart(monkeypatch: pytest.MonkeyPatch) -> Heart:
    heart = Heart()
    monkeypatch.setattr(sending, "record_heartbeat", heart.beat)
    monkeypatch.setattr(sending, "HEARTBEAT_S", PATIENCE_S)
    return heart


@pytest.fixture
def sender(core: Core, heart: Heart) -> Iterator[Sender]:
    sender = Sender(core, SystemClock())
    yield sender
    heart.go_on.set()
    sender.stop(wait_s=PATIENCE_S)


def loops() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate() if thread.name in {"beat", "sending"})


def test_many_threads_that_start_it_at_once_start_it_once(sender: Sender, heart: Heart) -> None:
    heart.go_on.clear()
    ready = threading.Barrier(MANY + 1)

    def start() -> None:
        ready.wait()
        sender.start()

    with ThreadPoolExecutor(MANY) as threads:
        started = [threads.submit(start) for _ in range(MANY)]
        ready.wait()
        assert heart.begun.wait(PATIENCE_S)
        heart.go_on.set()
        for one in started:
            one.result()
    assert heart.beats == 1
    assert loops() == ["beat", "sending"]


def test_reserving_threads_within_a_transaction_waits_for_no_start(sender: Sender, heart: Heart) -> None:
    heart.go_on.clear()
    with ThreadPoolExecutor(2) as threads:
        started = threads.submit(sender.start)
        assert heart.begun.wait(PATIENCE_S)
        assert threads.submit(sender.take, NO_VENDOR_LANE).result(PATIENCE_S / 3) is False
        heart.go_on.set()
        started.result()
    assert [sender.take(NO_VENDOR_LANE) for _ in range(3)] == [True, True, True]
    sender.release([NO_VENDOR_LANE] * 3)


def test_it_is_not_started_without_a_lease_and_the_next_who_comes_starts_it(sender: Sender, heart: Heart) -> None:
    heart.failing = 1
    with pytest.raises(Unavailable):
        sender.wake()
    assert (loops(), sender.take(NO_VENDOR_LANE)) == ([], False)
    sender.wake()
    assert loops() == ["beat", "sending"]


def test_what_has_been_stopped_is_not_started_again(sender: Sender, heart: Heart) -> None:
    sender.stop(wait_s=PATIENCE_S)
    sender.start()
    assert (heart.beats, loops()) == (0, [])


def test_a_process_remembers_when_it_could_not_beat(
    sender: Sender, heart: Heart, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "HEARTBEAT_S", 0.01)
    sender.start()
    assert core.beat_failed_at is None
    heart.failing = 1
    assert heart.recovered.wait(PATIENCE_S)
    assert core.beat_failed_at == core.clock.now()


def test_outcomes_are_written_however_much_there_is_to_claim(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    call = SimpleNamespace(delivery=None, post=None, is_reply=False, lane=NO_VENDOR_LANE)
    backlog = [claim_deliveries.ClaimedCalls((call,), has_more=True)]
    written, over = threading.Event(), threading.Event()

    def claim(_core: Core, _limit: int, threads: SenderThreads) -> claim_deliveries.ClaimedCalls:
        if not backlog:
            return claim_deliveries.ClaimedCalls(has_more=not over.is_set())
        assert threads.take(NO_VENDOR_LANE)
        return backlog.pop()

    monkeypatch.setattr(claim_deliveries, "claim_calls", claim)
    monkeypatch.setattr(sending, "send_call", lambda _core, _one: Delivered("C1/1"))
    monkeypatch.setattr(sending, "record_outcomes", lambda _core, _outcomes: written.set())
    sender.wake()
    try:
        assert written.wait(PATIENCE_S)
    finally:
        over.set()


def test_what_others_hold_at_the_moment_is_asked_for_again_soon(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_again = threading.Event()
    answers = [claim_deliveries.ClaimedCalls(is_held_up=True)]

    def claim(_core: Core, _limit: int, _threads: SenderThreads) -> claim_deliveries.ClaimedCalls:
        if answers:
            return answers.pop()
        asked_again.set()
        return claim_deliveries.ClaimedCalls()

    monkeypatch.setattr(claim_deliveries, "claim_calls", claim)
    sender.wake()
    assert asked_again.wait(PATIENCE_S)


def test_whatever_goes_wrong_with_a_beat_the_next_one_comes(
    sender: Sender, heart: Heart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "HEARTBEAT_S", 0.01)
    sender.start()
    heart.error = ValueError("whatever")
    heart.failing = 1
    assert heart.recovered.wait(PATIENCE_S)


def test_a_sender_that_nobody_tells_of_work_looks_for_what_is_overdue_at_each_beat(
    core: Core, sender: Sender, heart: Heart, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims: SimpleQueue[int] = SimpleQueue()

    def claim(_core: Core, limit: int, _threads: SenderThreads) -> ClaimedCalls:
        claims.put(limit)
        return ClaimedCalls()

    monkeypatch.setattr(sending, "HEARTBEAT_S", 0.01)
    monkeypatch.setattr(
        claim_deliveries, "has_due_work", lambda _core, overdue_by: overdue_by == claim_deliveries.OVERDUE
    )
    monkeypatch.setattr(claim_deliveries, "claim_calls", claim)
    sender.start()
    for _ in range(3):
        claims.get(timeout=PATIENCE_S)
