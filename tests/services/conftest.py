"""What the tests of services share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from escalator.services.core.context import Core
from tests.sandboxes import a_core


@pytest.fixture
def core(database_url: str, tmp_path: Path) -> Iterator[Core]:
    core = a_core(database_url, tmp_path)
    yield core
    core.database.close()
