"""What happens when Redis is away, hangs, or has forgotten everything: all is done by the sweep, only later."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests

from escalator.store.tables import incidents
from tests.live.installation import PREFORK, ROOM, SENIORS, THREADS, Installation, event, wait_until

MANY = 20


def _is_told_and_escalated(installation: Installation, first: int, count: int = MANY) -> None:
    """Let events come, each of which is accepted at once, told once and, unanswered, told once more."""
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(installation.post, [event(language="quick") for _ in range(count)])) == {200}
    known = first + count - 1001
    installation.expect_messages(known, SENIORS)
    installation.wait_until_idle()
    everyone = list(range(1001, 1001 + known))
    assert installation.numbers_told(ROOM) == installation.numbers_told(SENIORS) == everyone


def test_without_redis_events_are_accepted_told_and_escalated(on_postgres: Installation) -> None:
    on_postgres.start()
    _is_told_and_escalated(on_postgres, 1001)
    on_postgres.redis.stop()
    _is_told_and_escalated(on_postgres, 1001 + MANY)
    on_postgres.redis.start()
    _is_told_and_escalated(on_postgres, 1001 + 2 * MANY)
    wait_until(lambda: on_postgres.tasks_done("process_events", 2), "the worker takes tasks again")


def test_a_worker_and_a_web_that_start_without_redis_do_all_their_work(on_sqlite: Installation) -> None:
    on_sqlite.redis.stop()
    on_sqlite.start()
    _is_told_and_escalated(on_sqlite, 1001)


@pytest.mark.alone
def test_redis_that_hangs_makes_nobody_wait_and_loses_nothing(on_postgres: Installation) -> None:
    on_postgres.start()
    _is_told_and_escalated(on_postgres, 1001)
    on_postgres.redis.freeze()
    took = []
    for _ in range(MANY):
        began = time.monotonic()
        assert on_postgres.post(event(language="quick")) == 200
        took.append(time.monotonic() - began)
    assert max(took) < 3, "no request waits for Redis"
    on_postgres.expect_messages(2 * MANY, SENIORS)
    on_postgres.redis.thaw()
    _is_told_and_escalated(on_postgres, 1001 + 2 * MANY)


def test_redis_that_has_forgotten_everything_makes_nothing_late_by_more_than_a_sweep(on_postgres: Installation) -> None:
    on_postgres.start()
    for _ in range(MANY):
        on_postgres.post(event())
    on_postgres.expect_messages(MANY)
    due_at = on_postgres.bring_near(seconds=4)
    wait_until(lambda: all(row["timer_set_for"] for row in on_postgres.rows(incidents)), "every deadline has an alarm")
    on_postgres.redis.flushall()
    on_postgres.expect_messages(MANY, SENIORS)
    on_postgres.wait_past(due_at)
    assert on_postgres.numbers_told(SENIORS) == list(range(1001, 1001 + MANY))
    assert on_postgres.now() - due_at < timedelta(minutes=1)


@pytest.mark.long
@pytest.mark.parametrize("pool", [PREFORK, THREADS], ids=["prefork", "threads"])
def test_a_broker_that_becomes_a_read_only_replica_holds_up_nothing(
    on_postgres: Installation, pool: tuple[str, ...]
) -> None:
    on_postgres.start(*pool)
    pids = {name: process.pid for name, process in on_postgres.processes.items()}
    _is_told_and_escalated(on_postgres, 1001)
    on_postgres.redis.make_replica()
    try:
        for first in range(1001 + MANY, 1001 + 4 * MANY, MANY):
            _is_told_and_escalated(on_postgres, first)
        wait_until(lambda: _degraded(on_postgres, "broker"), "readyz says so")
    finally:
        on_postgres.redis.make_primary()
    done = on_postgres.logs().count("succeeded in")
    _is_told_and_escalated(on_postgres, 1001 + 4 * MANY)
    wait_until(lambda: _goes_on(on_postgres, done), "the worker takes tasks again")
    wait_until(lambda: not _degraded(on_postgres, "broker"), "readyz says no more so")
    assert {name: process.pid for name, process in on_postgres.processes.items()} == pids
    assert all(process.is_running for process in on_postgres.processes.values())
    assert "Unrecoverable error" not in on_postgres.logs()
    assert on_postgres.logs().count("broker_failed") <= 8, "each process says each kind of failure once"


def _goes_on(installation: Installation, done: int) -> bool:
    """Let an alert come, and return whether another task has been done since."""
    installation.post(event(language="quick"))
    time.sleep(0.1)
    return installation.logs().count("succeeded in") > done


def _degraded(installation: Installation, about: str) -> list[str]:
    found = requests.get(installation.url("/readyz"), timeout=20).json()
    return [words for words in found["degraded"] if words.startswith(about)]
