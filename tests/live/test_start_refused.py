"""Production without its secrets, by each of the ways in which a process is started: one line says why, and it ends."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from escalator.store.migrate import migrate
from tests.policy.files import MINIMAL

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "run": [sys.executable, "-m", "escalator", "run"],
    "web": [sys.executable, "-m", "web"],
    "worker": [sys.executable, "-m", *shlex.split("celery -A workers.app worker --concurrency=1 --without-mingle")],
}
SECRETS = {"SECRET_KEY": "key", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "signed"}
WRONG = {"SECRET_KEY": "key", "SMTP_URL": "hunter2", "SLACK_API_URL": "hunter2"}


def started(command, folder, **env):
    """Let it start, as a supervisor would, and return how it ended and what it said."""
    url = f"sqlite:///{folder}/escalator.db"
    migrate(url)
    (folder / "escalation.yml").write_text(MINIMAL)
    values = {
        "DATABASE_URL": url,
        "ESCALATOR_MODE": "production",
        "ESCALATOR_POLICY": str(folder / "escalation.yml"),
        "ESCALATOR_VAR": str(folder / "var"),
        "PORT": "0",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        COMMANDS[command],
        cwd=folder,
        env=os.environ | values | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_what_the_policy_needs_and_lacks_is_said_and_nothing_runs(command, tmp_path):
    code, told = started(command, tmp_path, SECRET_KEY="key")
    assert code not in {0, None}
    assert "Traceback" not in told
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        assert len([line for line in told.splitlines() if f"{name}: is not set" in line]) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_what_the_environment_has_wrong_is_said_without_a_secret(command, tmp_path):
    code, told = started(command, tmp_path, **WRONG)
    assert code not in {0, None}
    assert "Traceback" not in told
    assert "hunter2" not in told
    for name in ("SMTP_URL", "SLACK_API_URL"):
        assert len([line for line in told.splitlines() if f"{name}: " in line]) == 1


def test_a_port_that_is_none_ends_web_before_it_forks(tmp_path):
    code, told = started("web", tmp_path, **SECRETS, PORT="web")
    assert (code, "PORT: 'web' is not a port" in told, "Traceback" in told) == (3, True, False)


def test_a_number_of_processes_that_is_none_ends_web_before_gunicorn_reads_it(tmp_path):
    code, told = started("web", tmp_path, **SECRETS, WEB_CONCURRENCY="two")
    assert (code, "WEB_CONCURRENCY: 'two' is not a number" in told, "Traceback" in told) == (3, True, False)
