"""`escalator run`, as somebody runs it on a new machine: nothing is configured, and everything dies at some time."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.running import PROGRAMS, Installation, eventually

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them"),
]

MEMORY_MB = 220


@pytest.fixture
def installation(tmp_path):
    made = Installation(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.end()


def test_an_alert_reaches_the_sandbox_with_nothing_configured(installation):
    assert installation.get("/readyz").json()["notes"] == ["Sandbox mode: nothing is sent (0 alerts so far)"]
    installation.sample("self_harm")
    assert eventually(installation.told) == {1001}
    assert (installation.folder / "var" / "valkey.sock").is_socket()
    assert {path.stat().st_mode & 0o077 for path in (installation.folder / "var").iterdir()} == {0}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_part_that_is_killed_starts_again_and_alerts_go_on(installation, name):
    killed = installation.part(name)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: installation.part(name) not in {killed, None})
    eventually(lambda: installation.get("/readyz").ok)
    installation.sample("threat")
    assert eventually(installation.told) == {1001}
    assert f"{name} ended (killed by signal 9); restarting at once." in installation.said.read_text()


def test_a_part_that_dies_again_and_again_is_started_again_ever_more_slowly(installation):
    for wait in ("at once", "in 0.5 s", "in 1.0 s"):
        os.kill(eventually(lambda: installation.part("worker")), signal.SIGKILL)
        eventually(lambda wait=wait: f"restarting {wait}" in installation.said.read_text())


def test_a_second_instance_on_the_same_folder_is_refused(installation):
    second = subprocess.run(
        installation.command("run"),
        cwd=installation.folder,
        env={**installation.environment(), "PORT": "0"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode == 1
    assert "another `escalator run` uses" in second.stderr
    assert installation.get("/readyz").ok


@pytest.mark.parametrize("to_all", [True, False], ids=["Ctrl-C, which the whole group hears", "SIGTERM to one"])
def test_ending_it_leaves_nothing_running(installation, to_all):
    if to_all:
        os.killpg(installation.process.pid, signal.SIGINT)
    else:
        os.kill(installation.process.pid, signal.SIGTERM)
    eventually(installation.is_gone)
    assert installation.process.wait() == 0


def test_killing_it_leaves_nothing_running_and_it_starts_again_with_what_it_knew(installation):
    installation.sample("threat")
    eventually(installation.told)
    os.kill(installation.process.pid, signal.SIGKILL)
    eventually(installation.is_gone)
    installation.start()
    assert installation.told() == {1001}


@pytest.mark.alone
def test_everything_together_fits_on_a_small_dyno(installation):
    installation.sample("self_harm")
    eventually(installation.told)
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in installation.processes()]
    pss_kb = [int(line.split()[1]) for text in rollups for line in text.splitlines() if line.startswith("Pss:")]
    assert len(pss_kb) == 5
    assert sum(pss_kb) / 1024 < MEMORY_MB
