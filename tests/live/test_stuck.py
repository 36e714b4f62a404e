"""What is stuck ends, and what is alone ends: no process of ours lives on without doing its work."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from escalator.bootstrap import build
from escalator.clock import SystemClock
from escalator.services.delivery.sender import Sender
from escalator.services.maintenance import sweep
from escalator.services.maintenance.sweep import Sweeper
from escalator.settings import read_settings
from escalator.store.tables import processes
from tests.live.installation import ROOT, SENIORS, Installation, children_of, event, has_members, wait_until


def test_a_sweep_that_finishes_no_round_ends_its_process(
    on_sqlite: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "STUCK_S", 0.5)
    core, clock = build(read_settings(on_sqlite.environment)), SystemClock()
    stuck, ended = threading.Event(), threading.Event()
    monkeypatch.setattr(core.policies, "offer", lambda _database: stuck.wait(60))
    sweeper = Sweeper(core, Sender(core, clock), clock, ended.set)
    sweeper.start()
    try:
        assert ended.wait(60)
    finally:
        sweeper.stop()
        stuck.set()
        core.database.close()


def test_a_sweep_that_only_fails_goes_on(on_sqlite: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "SWEEP_EVERY_S", 0.01)
    core, clock = build(read_settings(on_sqlite.environment)), SystemClock()
    tries, enough, ended = [], threading.Event(), threading.Event()

    def fail(_database: object) -> None:
        tries.append(1)
        if len(tries) == 5:
            enough.set()
        raise ValueError("whatever")

    monkeypatch.setattr(core.policies, "offer", fail)
    sweeper = Sweeper(core, Sender(core, clock), clock, ended.set)
    sweeper.start()
    try:
        assert enough.wait(60)
        assert not ended.is_set()
    finally:
        sweeper.stop()
        core.database.close()


def test_a_worker_that_was_frozen_is_replaced_and_goes_on_without_doubling(on_postgres: Installation) -> None:
    on_postgres.start()
    on_postgres.post(event())
    on_postgres.expect_messages(1)
    on_postgres.wait_until_idle()
    frozen = on_postgres.processes["worker"]
    pids = [frozen.pid, *children_of(frozen.pid)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    on_postgres.start_worker("another")
    on_postgres.deliver(event(language="quick"))
    on_postgres.expect_messages(1, SENIORS)
    on_postgres.wait_until_idle()
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    on_postgres.deliver(event(language="quick"))
    on_postgres.expect_messages(2, SENIORS)
    on_postgres.wait_until_idle()
    assert on_postgres.numbers_told(SENIORS) == [1002, 1003]
    assert on_postgres.numbers_told() == [1001, 1002, 1003]
    assert len(on_postgres.rows(processes, kind="sweeper")) == 2


ALONE = """
import sys, threading
from pathlib import Path
from tests.doubles.slack import SlackDouble
from tests.live.installation import Installation
from tests.servers import RedisServer

redis = RedisServer()
installation = Installation(sys.argv[1], redis, SlackDouble(), Path(sys.argv[2]))
redis.start()
installation.start()
print(redis.directory, *(process.pid for process in installation.processes.values()), flush=True)
threading.Event().wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_nothing_that_a_test_run_starts_outlives_it(sqlite_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", ALONE, sqlite_url, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        directory, *groups = run.stdout.readline().split()
        assert len(groups) == 2
        run.kill()
    wait_until(lambda: not any(has_members(int(group)) for group in groups), "all of it has ended")
    shutil.rmtree(directory)
