"""What happens when a worker is told to end, as every deployment does, and when several work side by side."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from escalator.store.tables import deliveries, incidents
from tests.doubles.slack_state import Fault
from tests.live.installation import PREFORK, ROOM, SENIORS, THREADS, Installation, children_of, event, wait_until

MANY = 100
SMALLEST_DATABASE = 18
"""Heroku's `essential-0` has 20 connections, of which `escalator migrate` and a person need some."""


@pytest.mark.parametrize("pool", [pytest.param(PREFORK, id="prefork"), pytest.param(THREADS, id="threads")])
def test_a_worker_that_is_told_to_end_finishes_what_it_sends(on_postgres: Installation, pool: tuple[str, ...]) -> None:
    on_postgres.start(*pool)
    on_postgres.slack.inject("chat.postMessage", *[Fault(delay=3) for _ in range(6)])
    for _ in range(6):
        on_postgres.post(event())
    on_postgres.expect_messages(6)
    assert on_postgres.processes["worker"].stop() == 0
    assert [(row["state"], row["claim_number"]) for row in on_postgres.rows(deliveries)] == [("delivered", 1)] * 6

    on_postgres.start_worker("worker", *pool)
    on_postgres.deliver(event())
    on_postgres.expect_messages(7)
    on_postgres.wait_until_idle()
    assert on_postgres.numbers_told(ROOM) == list(range(1001, 1008))


def test_the_alarms_of_a_worker_that_ends_go_back_and_ring_for_another(on_postgres: Installation) -> None:
    on_postgres.start()
    for _ in range(MANY):
        on_postgres.deliver(event())
    on_postgres.expect_messages(MANY)
    on_postgres.wait_until_idle()
    due_at = on_postgres.bring_near(seconds=12)
    wait_until(lambda: all(row["timer_set_for"] for row in on_postgres.rows(incidents)), "every deadline has an alarm")
    wait_until(lambda: on_postgres.queued("unacked") > 0, "the worker holds the alarm")
    assert on_postgres.processes["worker"].stop() == 0
    assert on_postgres.queued("unacked") == 0
    assert on_postgres.queued("escalator") > 0

    on_postgres.start_worker()
    on_postgres.expect_messages(MANY, SENIORS)
    on_postgres.wait_past(due_at)
    assert on_postgres.numbers_told(SENIORS) == on_postgres.numbers_told(ROOM) == list(range(1001, 1001 + MANY))
    assert len(on_postgres.firings()) == 2 * MANY


def claims_of_what_was_sent(installation: Installation) -> set[tuple[str, int]]:
    """Return the states and claims of deliveries that had a message of their own: a slow machine bundles the others."""
    rows = installation.rows(deliveries)
    return {(row["state"], row["claim_number"]) for row in rows if row["bundle_id"] is None}


def test_two_workers_share_the_work_and_double_nothing(on_postgres: Installation) -> None:
    on_postgres.start_worker("one")
    on_postgres.start_worker("two")
    on_postgres.start_web()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(on_postgres.deliver, [event(language="quick") for _ in range(MANY)]))
    on_postgres.expect_messages(MANY, SENIORS)
    on_postgres.wait_until_idle()
    everyone = list(range(1001, 1001 + MANY))
    assert on_postgres.numbers_told(ROOM) == on_postgres.numbers_told(SENIORS) == everyone
    assert claims_of_what_was_sent(on_postgres) == {("delivered", 1)}
    assert len(on_postgres.firings()) == 2 * MANY


def test_workers_that_are_replaced_one_by_one_lose_and_double_nothing(on_postgres: Installation) -> None:
    on_postgres.start_worker("one")
    on_postgres.start_web()
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(on_postgres.deliver, event(language="quick")) for _ in range(MANY)]
        for old, new in (("one", "two"), ("two", "three")):
            on_postgres.start_worker(new)
            assert on_postgres.processes[old].stop() == 0
        for one in sent:
            one.result()
    on_postgres.expect_messages(MANY, SENIORS)
    on_postgres.wait_until_idle()
    everyone = list(range(1001, 1001 + MANY))
    assert on_postgres.numbers_told(ROOM) == on_postgres.numbers_told(SENIORS) == everyone
    assert claims_of_what_was_sent(on_postgres) == {("delivered", 1)}


def test_a_web_process_that_is_told_to_end_answers_whom_it_has_begun_to_answer(on_postgres: Installation) -> None:
    on_postgres.start()
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(on_postgres.post, event()) for _ in range(200)]
        wait_until(lambda: sum(one.done() for one in sent) >= 50, "a quarter of them has been answered")
        assert on_postgres.processes["web"].stop() == 0
        accepted = [one.result() for one in sent].count(200)
    wait_until(lambda: on_postgres.count(incidents) >= accepted, "all that was accepted is processed")
    on_postgres.wait_until_idle()
    assert on_postgres.numbers_told(ROOM) == list(range(1001, 1001 + on_postgres.count(incidents)))


def test_a_web_process_that_is_reloaded_takes_new_code_and_refuses_nobody(on_postgres: Installation) -> None:
    on_postgres.start_web()
    wait_until(lambda: on_postgres.is_answered("/readyz"), "the policy is active")
    arbiter = on_postgres.processes["web"].pid
    before = children_of(arbiter)
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(on_postgres.post, event()) for _ in range(200)]
        os.kill(arbiter, signal.SIGHUP)
        wait_until(lambda: children_of(arbiter) and not set(children_of(arbiter)) & set(before), "others have come")
        assert {one.result() for one in sent} == {200}
    assert on_postgres.processes["web"].is_running
    assert on_postgres.logs().count("Starting gunicorn") == 2, "the process began anew, so the code did"
    assert on_postgres.is_answered("/readyz")


def test_web_worker_and_a_migration_stay_below_the_connections_of_the_smallest_database(
    on_postgres: Installation,
) -> None:
    on_postgres.start()
    most, migrated = 0, False
    with ThreadPoolExecutor(16) as threads:
        sent = [threads.submit(on_postgres.deliver, event(language="quick")) for _ in range(2 * MANY)]
        migration = threads.submit(on_postgres.run, "migrate")
        while not (migrated and all(one.done() for one in sent)):
            most = max(most, _connections(on_postgres))
            migrated = migration.done()
    assert migration.result() == 0
    assert 3 < most < SMALLEST_DATABASE


def _connections(installation: Installation) -> int:
    """Return how many connections the product holds; the test's own are none of them."""
    ours = installation.core.database.engine.pool.checkedin()
    with installation.core.database.reading() as connection:
        held = connection.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"))
    return int(held or 0) - max(ours, 1)
