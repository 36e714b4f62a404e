"""A process on a new database, on each engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from escalator.bootstrap import build
from escalator.services.core.context import Core
from escalator.settings import read_settings
from tests.fakes import FakeClock

POLICY = Path(__file__).parents[1] / "scenarios" / "policy.yml"
STORE = Path(__file__).parent


@pytest.fixture
def core(database_url: str, tmp_path: Path) -> Iterator[Core]:
    """A process with the policy of the scenarios, in the sandbox."""
    known = {"DATABASE_URL": database_url, "ESCALATOR_POLICY": str(POLICY), "ESCALATOR_VAR": str(tmp_path)}
    made = build(read_settings(known | {"SECRET_KEY": "secret-key"}), clock=FakeClock())
    made.policies.offer(made.database)
    yield made
    made.database.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what is SQL and nothing else run on every database."""
    for item in items:
        if STORE in item.path.parents:
            item.add_marker(pytest.mark.every_database)
