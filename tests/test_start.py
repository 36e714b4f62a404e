"""What a start imports: heavy libraries only once they are needed, for a start is slow just when it matters."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from escalator.commands import main, module_of

ROOT = Path(__file__).parents[1]
HEAVY = {
    "alembic",
    "authlib",
    "boto3",
    "botocore",
    "charset_normalizer",
    "holidays",
    "icalendar",
    "joserfc",
    "pdpyras",
    "psycopg",
    "recurring_ical_events",
    "requests",
    "requests_hardened",
    "urllib3",
}
OF_THE_OTHER = {"apispec", "flask", "flask_smorest", "prometheus_client", "slack_sdk"}

DATABASE = {"sqlalchemy", "structlog"}
POLICY = {"marshmallow", "yaml"}
HTTP = {"charset_normalizer", "requests", "urllib3"}
CLIENTS = {"cryptography", "redis", "slack_sdk"}
RUNS_ALWAYS = {"celery", "flask", "gunicorn", "kombu", "werkzeug"}
LIBRARIES = HEAVY - {"alembic"} | OF_THE_OTHER | RUNS_ALWAYS | DATABASE | POLICY | HTTP | CLIENTS
USES = {
    "run": DATABASE | POLICY,
    "check": POLICY,
    "explain": POLICY,
    "oncall": POLICY,
    "coverage": POLICY,
    "init": set(),
    "sample": POLICY | HTTP,
    "audit": DATABASE,
    "unreadable": DATABASE,
    "reseal": DATABASE,
    "migrate": DATABASE,
    "sqs": set(),
    "stream": DATABASE | POLICY,
    "doctor": DATABASE | POLICY | {"cryptography", "redis"},
}
"""What each command needs of these libraries; the others need the database and the policy's language."""

WORKER = "from workers.app import app; from workers.process_context import worker_process; worker_process(app)"
WEB = "from web.app import create_app; create_app()"


def loaded(program: str, folder: Path) -> set[str]:
    """Return what a new process has imported when it has done this."""
    environment = {**os.environ, "SECRET_KEY": "-", "ESCALATOR_VAR": str(folder), "PYTHONPATH": str(ROOT)}
    said = f"{program}\nimport sys; print(*sys.modules, flush=True)\nimport os; os._exit(0)"
    command = [sys.executable, "-c", said]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    ("program", "heavy"), [(WORKER, HEAVY | OF_THE_OTHER), (WEB, HEAVY | {"slack_sdk"})], ids=["worker", "web"]
)
def test_a_start_imports_nothing_heavy_that_it_does_not_need(program: str, heavy: set[str], tmp_path: Path) -> None:
    found = loaded(program, tmp_path)
    assert "sqlalchemy" in found, "the process has been made"
    assert found & heavy == set()


@pytest.mark.parametrize("command", main.list_commands(click.Context(main)))
def test_a_command_imports_no_library_that_it_does_not_need(command: str, tmp_path: Path) -> None:
    found = loaded(f"import escalator.commands.{module_of(command)}", tmp_path)
    assert "click" in found, "the command has been imported"
    assert found & LIBRARIES <= USES.get(command, DATABASE | POLICY)


def test_the_help_imports_no_command(tmp_path: Path) -> None:
    program = """
import contextlib, io
from escalator.commands import main
with contextlib.redirect_stdout(io.StringIO()) as text:
    main(["--help"], standalone_mode=False)
assert "incidents" in text.getvalue()
"""
    assert loaded(program, tmp_path) & (LIBRARIES | {"alembic"}) == set()


def test_what_is_imported_later_is_there_when_it_is_used() -> None:
    program = (
        "from escalator.lazy_imports import LazyImport; made = LazyImport('decimal', 'Decimal', '1.50'); import sys"
    )
    done = f"{program}; before = 'decimal' in sys.modules; print(before, made.is_finite(), LazyImport('string').digits)"
    said = subprocess.run([sys.executable, "-c", done], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "True", "0123456789"]
