"""The installation that every live test starts, kills and looks at."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from escalator.errors import Unavailable
from tests.doubles.slack import SlackDouble
from tests.live.installation import Installation
from tests.servers import RedisServer

LIVE = Path(__file__).parent
PATIENCE_S = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if LIVE in item.path.parents:
            item.add_marker(pytest.mark.live)
            item.add_marker(pytest.mark.timeout(PATIENCE_S))
            if "postgres_url" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.postgres)


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double


@pytest.fixture
def installed(redis_server: RedisServer, slack: SlackDouble, tmp_path: Path) -> Iterator[Callable[[str], Installation]]:
    """A function that gives an installation on a database; nothing of it is started yet, and nothing is left over."""
    made: list[Installation] = []

    def install(database_url: str) -> Installation:
        made.append(Installation(database_url, redis_server, slack, tmp_path))
        return made[-1]

    try:
        yield install
        for one in made:
            assert one.errors() == []
    finally:
        redis_server.start()
        redis_server.thaw()
        for one in made:
            with suppress(Unavailable, AssertionError):
                sys.stdout.write(one.unfinished())
            one.close()
            sys.stdout.write(one.logs())


@pytest.fixture
def on_postgres(installed: Callable[[str], Installation], postgres_url: str) -> Installation:
    """An installation on PostgreSQL; the test starts its processes."""
    return installed(postgres_url)


@pytest.fixture
def on_sqlite(installed: Callable[[str], Installation], sqlite_url: str) -> Installation:
    """An installation on the embedded database; the test starts its processes."""
    return installed(sqlite_url)
