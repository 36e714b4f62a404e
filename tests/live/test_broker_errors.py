"""Whatever the broker answers, alerts go out and no process ends; when it works again, tasks flow again."""

import re
import time
from collections.abc import Iterator

import pytest

from tests.doubles.broker import FAILURES, BrokerProxy
from tests.live.installation import PREFORK, THREADS, Installation, event, wait_until
from tests.servers import RedisServer

WORKERS = ("prefork", "threads")
PARTS = 4
"""Of the table of failures: each has an installation of its own, so that none takes too long."""
EVENT_EVERY_S = 0.25


@pytest.fixture
def broker(redis_server: RedisServer) -> Iterator[BrokerProxy]:
    with BrokerProxy(redis_server.port) as proxy:
        yield proxy


def _tasks_done(installation: Installation, worker: str) -> int:
    said = installation.processes[worker].log.read_text()
    return len(re.findall(r"Task \w+\[.*\] succeeded", said))


def _is_alerted(installation: Installation) -> None:
    """Let an alert come, which is accepted at once and told."""
    known = len(installation.numbers_told())
    assert installation.post(event()) == 200
    installation.expect_messages(known + 1)


def _take_tasks_again(installation: Installation, *workers: str) -> None:
    """Let alerts come until each of the workers has done another task."""
    before = {worker: _tasks_done(installation, worker) for worker in workers}
    posted_at = 0.0

    def have_all() -> bool:
        nonlocal posted_at
        if time.monotonic() > posted_at + EVENT_EVERY_S:
            installation.post(event())
            posted_at = time.monotonic()
        return all(_tasks_done(installation, worker) > done for worker, done in before.items())

    wait_until(have_all, f"{workers} take tasks again")


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_the_broker_answers_alerts_go_out_and_no_process_ends(
    on_postgres: Installation, broker: BrokerProxy, part: int
) -> None:
    on_postgres.environment["REDIS_URL"] = broker.url
    on_postgres.start_web()
    on_postgres.start_worker("prefork", *PREFORK)
    on_postgres.start_worker("threads", *THREADS)
    pids = {name: process.pid for name, process in on_postgres.processes.items()}
    for name in list(FAILURES)[part::PARTS]:
        _take_tasks_again(on_postgres, *WORKERS)
        broker.fail(*FAILURES[name])
        _is_alerted(on_postgres)
        broker.cut()
        wait_until(broker.failed.total, f"the broker has failed: {name}")
        _is_alerted(on_postgres)
        broker.recover()
        assert all(process.is_running for process in on_postgres.processes.values()), name
    _take_tasks_again(on_postgres, *WORKERS)
    assert {name: process.pid for name, process in on_postgres.processes.items()} == pids
    assert "Unrecoverable error" not in on_postgres.logs()


@pytest.mark.long
@pytest.mark.parametrize("name", ["READONLY", "NOAUTH", "a number", "silence"])
@pytest.mark.parametrize("pool", [PREFORK, THREADS], ids=WORKERS)
def test_a_worker_and_a_web_that_start_while_the_broker_fails_do_all_their_work(
    on_postgres: Installation, broker: BrokerProxy, pool: tuple[str, ...], name: str
) -> None:
    on_postgres.environment["REDIS_URL"] = broker.url
    broker.fail(*FAILURES[name])
    on_postgres.start(*pool)
    pids = {name: process.pid for name, process in on_postgres.processes.items()}
    _is_alerted(on_postgres)
    wait_until(broker.failed.total, "the broker has failed")
    _is_alerted(on_postgres)
    broker.recover()
    _take_tasks_again(on_postgres, "worker")
    assert {name: process.pid for name, process in on_postgres.processes.items()} == pids
    assert "Unrecoverable error" not in on_postgres.logs()


def test_a_worker_ends_in_order_while_the_broker_fails(on_postgres: Installation, broker: BrokerProxy) -> None:
    on_postgres.environment["REDIS_URL"] = broker.url
    on_postgres.start_web()
    for name, how in (("prefork", PREFORK), ("threads", THREADS)):
        on_postgres.start_worker(name, *how)
        _take_tasks_again(on_postgres, name)
        broker.fail(*FAILURES["READONLY"])
        _is_alerted(on_postgres)
        assert on_postgres.processes[name].stop() == 0
        broker.recover()
