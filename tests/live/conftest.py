"""The installation that every live test starts, kills and looks at."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from escalator.errors import Unavailable
from tests.doubles.slack import SlackDouble
from tests.live.installation import Installation
from tests.servers import RedisServer

LIVE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if LIVE in item.path.parents:
            item.add_marker(pytest.mark.live)
            if "postgres_url" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.postgres)


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double


@contextmanager
def installed(database_url: str, redis: RedisServer, slack: SlackDouble, folder: Path) -> Iterator[Installation]:
    """Give an installation of which nothing is started yet, and leave nothing over: not a process, not a connection."""
    installation = Installation(database_url, redis, slack, folder)
    try:
        yield installation
        assert installation.errors() == []
    finally:
        redis.start()
        redis.thaw()
        with suppress(Unavailable, AssertionError):
            sys.stdout.write(installation.unfinished())
        installation.close()
        sys.stdout.write(installation.logs())


@pytest.fixture
def on_postgres(
    postgres_url: str, redis_server: RedisServer, slack: SlackDouble, tmp_path: Path
) -> Iterator[Installation]:
    """An installation on PostgreSQL; the test starts its processes."""
    with installed(postgres_url, redis_server, slack, tmp_path) as installation:
        yield installation


@pytest.fixture
def on_sqlite(sqlite_url: str, redis_server: RedisServer, slack: SlackDouble, tmp_path: Path) -> Iterator[Installation]:
    """An installation on the embedded database; the test starts its processes."""
    with installed(sqlite_url, redis_server, slack, tmp_path) as installation:
        yield installation
