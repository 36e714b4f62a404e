"""What a start imports: heavy libraries only once they are needed, for a start is slow just when it matters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    "recurring_ical_events",
    "requests",
    "requests_hardened",
    "urllib3",
}
OF_THE_OTHER = {"apispec", "flask", "flask_smorest", "prometheus_client", "slack_sdk"}

WORKER = "from workers.app import app; from workers.process_context import worker_process; worker_process(app)"
WEB = "from web.app import create_app; create_app()"


def loaded(program: str, folder: Path) -> set[str]:
    """Return what a new process has imported when it has done this."""
    environment = {**os.environ, "SECRET_KEY": "-", "ESCALATOR_VAR": str(folder), "PYTHONPATH": str(ROOT)}
    said = f"{program}\nimport sys; print(*sys.modules, flush=True)\nimport os; os._exit(0)"
    command = [sys.executable, "-c", said]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(("program", "heavy"), [(WORKER, HEAVY | OF_THE_OTHER), (WEB, HEAVY)], ids=["worker", "web"])
def test_a_start_imports_nothing_heavy_that_it_does_not_need(program: str, heavy: set[str], tmp_path: Path) -> None:
    found = loaded(program, tmp_path)
    assert "sqlalchemy" in found, "the process has been made"
    assert found & heavy == set()


def test_what_is_imported_later_is_there_when_it_is_used() -> None:
    program = (
        "from escalator.lazy_imports import LazyImport; made = LazyImport('decimal', 'Decimal', '1.50'); import sys"
    )
    done = f"{program}; before = 'decimal' in sys.modules; print(before, made.is_finite(), LazyImport('string').digits)"
    said = subprocess.run([sys.executable, "-c", done], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "True", "0123456789"]
