"""What happens when PostgreSQL is away, hangs, or has lost its connections: a 503 now, and all the work afterwards."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from escalator.store.tables import deliveries, events, incidents
from tests.doubles.slack_state import Fault
from tests.live.installation import ROOM, SENIORS, Installation, event, hanging, wait_until
from tests.servers import PostgresServer

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%' AND pid <> pg_backend_pid()"
MANY = 30
AWAY_S = 2.0


def _stream(installation: Installation, body: bytes) -> Counter[int]:
    """Send an event as Stream does, again and again until it is accepted, and return the answers."""
    answers: Counter[int] = Counter()

    def is_accepted() -> bool:
        answers[installation.post(body)] += 1
        return answers[200] == 1

    wait_until(is_accepted, "an event is accepted")
    return answers


@pytest.mark.parametrize(
    ("end", "most"),
    [
        pytest.param(PostgresServer.stop, 1, id="restarted: nothing is told twice"),
        pytest.param(PostgresServer.kill, 2, id="crashed: what had just been told may be told again"),
    ],
)
def test_what_comes_while_postgres_is_away_is_refused_and_accepted_when_it_comes_again(
    on_postgres: Installation, postgres_server: PostgresServer, end: Callable[[PostgresServer], None], most: int
) -> None:
    on_postgres.start()
    on_postgres.deliver(event(language="quick"))
    on_postgres.expect_messages(1, SENIORS)
    on_postgres.wait_until_idle()
    pids = {name: process.pid for name, process in on_postgres.processes.items()}

    end(postgres_server)
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(_stream, on_postgres, event(language="quick")) for _ in range(MANY)]
        time.sleep(AWAY_S)
        assert not any(one.done() for one in sent)
        postgres_server.start()
        answers = sum((one.result() for one in sent), Counter())

    assert set(answers) == {200, 503}
    on_postgres.expect_messages(1 + MANY, SENIORS)
    on_postgres.wait_until_idle()
    assert on_postgres.count(events) == on_postgres.count(incidents) == 1 + MANY
    for channel in (ROOM, SENIORS):
        told = Counter(on_postgres.numbers_told(channel))
        assert sorted(told) == sorted(row["number"] for row in on_postgres.rows(incidents))
        assert max(told.values()) <= most
    assert {name: process.pid for name, process in on_postgres.processes.items()} == pids
    assert all(process.is_running for process in on_postgres.processes.values())


def test_what_was_accepted_before_postgres_crashed_is_told_after_it(
    on_postgres: Installation, postgres_server: PostgresServer
) -> None:
    on_postgres.start()
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(on_postgres.post, event(language="quick")) for _ in range(200)]
        wait_until(lambda: sum(one.done() for one in sent) >= 50, "a quarter of them has been answered")
        postgres_server.kill()
        answers = [one.result() for one in sent]
    accepted = answers.count(200)
    assert set(answers) <= {200, 503}
    postgres_server.start()

    wait_until(lambda: on_postgres.count(events, state="new") == 0, "all that was stored is processed")
    stored = on_postgres.count(incidents)
    assert stored >= accepted >= 50
    wait_until(lambda: len(set(on_postgres.numbers_told(SENIORS))) == stored, "the seniors know of every incident")
    on_postgres.wait_until_idle()
    assert len(set(on_postgres.numbers_told(ROOM))) == stored
    assert len(on_postgres.firings()) == 2 * stored


def _let_a_page_be_under_way(installation: Installation) -> None:
    """Start, and leave a page at a Slack that has taken it and takes two seconds to say so."""
    installation.start()
    installation.slack.inject("chat.postMessage", Fault(delay=2))
    installation.post(event())
    installation.expect_messages(1)


def test_a_page_that_was_sent_while_postgres_went_away_is_not_sent_again(
    on_postgres: Installation, postgres_server: PostgresServer
) -> None:
    _let_a_page_be_under_way(on_postgres)
    postgres_server.stop()
    time.sleep(3)
    postgres_server.start()
    on_postgres.wait_for(deliveries, 1, state="delivered")
    on_postgres.wait_until_idle()
    assert len(on_postgres.messages()) == 1


def test_connections_that_break_again_and_again_lose_nothing(
    on_postgres: Installation, postgres_server: PostgresServer
) -> None:
    cuts, count = 8, 60
    on_postgres.start()
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(on_postgres.deliver, event(language="quick")) for _ in range(count)]
        for _ in range(cuts):
            time.sleep(0.4)
            with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
                connection.execute(CUT)
        for one in sent:
            one.result()
    wait_until(lambda: len(set(on_postgres.numbers_told(SENIORS))) == count, "the seniors know of every incident")
    on_postgres.wait_until_idle()
    assert on_postgres.count(incidents) == count
    assert len(on_postgres.firings()) == 2 * count
    for channel in (ROOM, SENIORS):
        told = Counter(on_postgres.numbers_told(channel))
        assert sorted(told) == sorted(row["number"] for row in on_postgres.rows(incidents))
        assert max(told.values()) <= 1 + cuts
    assert {row["state"] for row in on_postgres.rows(deliveries)} == {"delivered"}


def test_what_became_of_a_page_is_known_after_a_crash(
    on_postgres: Installation, postgres_server: PostgresServer
) -> None:
    _let_a_page_be_under_way(on_postgres)
    on_postgres.make_durable()
    on_postgres.wait_for(deliveries, 1, state="delivered")
    postgres_server.kill()
    postgres_server.start()
    assert [row["state"] for row in on_postgres.rows(deliveries)] == ["delivered"]
    on_postgres.wait_until_idle()
    assert len(on_postgres.messages()) == 1


def test_a_click_while_postgres_is_away_is_answered_and_changes_nothing(
    on_postgres: Installation, postgres_server: PostgresServer
) -> None:
    on_postgres.start()
    on_postgres.post(event())
    [message] = on_postgres.expect_messages(1)
    on_postgres.wait_until_idle()
    postgres_server.stop()
    assert on_postgres.click("ana", "Acknowledge", message) == 503
    postgres_server.start()
    wait_until(lambda: on_postgres.click("ana", "Acknowledge", message) == 200, "the click counts")
    wait_until(lambda: "taken by Ana Ruiz" in message.text, "the message says who has it")


@pytest.mark.alone
def test_a_database_that_hangs_is_a_503_within_seconds(
    on_postgres: Installation, postgres_server: PostgresServer
) -> None:
    on_postgres.start()
    on_postgres.deliver(event(language="quick"))
    on_postgres.expect_messages(1, SENIORS)
    with hanging(postgres_server), ThreadPoolExecutor(8) as threads:
        began = time.monotonic()
        answers = set(threads.map(on_postgres.post, [event(language="quick") for _ in range(8)]))
        took = time.monotonic() - began
    assert answers == {503}
    assert took < 10, "nobody waits for a database that hangs"
    on_postgres.deliver(event(language="quick"))
    on_postgres.expect_messages(on_postgres.count(events), SENIORS)
    assert all(process.is_running for process in on_postgres.processes.values())
