"""What happens when Redis is away, hangs, or has forgotten everything: all is done by the sweep, only later."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from escalator.store.tables import incidents
from tests.live.installation import ROOM, SENIORS, Installation, event, wait_until

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
    wait_until(lambda: all(row["armed_until"] for row in on_postgres.rows(incidents)), "every deadline has an alarm")
    on_postgres.redis.flushall()
    on_postgres.expect_messages(MANY, SENIORS)
    on_postgres.wait_past(due_at)
    assert on_postgres.numbers_told(SENIORS) == list(range(1001, 1001 + MANY))
    assert on_postgres.now() - due_at < timedelta(minutes=1)
