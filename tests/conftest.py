"""What every test may ask for: a database of its own on either engine, a real broker, and no way off this machine."""

import gc
import ipaddress
import os
import shutil
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from escalator.store.migrate import migrate
from tests.databases import SharedDatabase
from tests.servers import PostgresServer, RedisServer
from tests.shared_work import share

BOTH = ("sqlite", "postgres")
ON = os.environ.get("TEST_DATABASES", "one")
"""`one`: each test runs on one of the two, always the same, unless it is marked `every_database`; `both`; or a name."""
DATABASES = BOTH if ON in {"one", "both"} else tuple(ON.split(","))
TEMPLATE = "template_escalator"

# What the developer's own shell says of a real installation must reach no test and no process that a test starts.
PREFIXES = (
    "ESCALATOR_",
    "SLACK_",
    "PAGERDUTY_",
    "JIRA_",
    "STREAM_",
    "SMTP_",
    "MAIL_",
    "WEBHOOK_",
    "REDIS_",
    "DATABASE_",
)
NAMES = {"SECRET_KEY", "CONTENT_KEY", "DYNO", "PORT", "HOST", "WEB_CONCURRENCY"}
for _name in [name for name in os.environ if name.startswith(PREFIXES) or name in NAMES]:
    del os.environ[_name]

share()

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


MEMORY = Path("/dev/shm")  # noqa: S108  # the folder that Linux keeps in memory
MEMORY_NEEDED = 256 * 1024 * 1024
LIVE_TIMEOUT_S = 600


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest; leave each test that runs on a database one of the two, unless it is marked."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    live = [item for item in items if item.get_closest_marker("live")]
    for item in live:
        item.add_marker(pytest.mark.timeout(LIVE_TIMEOUT_S))
    if not live:
        _keep_files_in_memory()
    if ON != "one" or any("::" in argument for argument in config.args):
        return
    left_out = [item for item in items if _is_for_the_other(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def pytest_collection_finish() -> None:
    """Never look through what the collected tests consist of for garbage."""
    gc.collect()
    gc.freeze()


def _is_for_the_other(item: pytest.Item) -> bool:
    """Whether a test is left to the other database: by its name, so that it is always the same one."""
    database = getattr(item, "callspec", None) and item.callspec.params.get("database_url")
    if database not in BOTH or item.get_closest_marker("every_database"):
        return False
    name = item.nodeid.replace(database, "", 1)
    return BOTH[zlib.crc32(name.encode()) % len(BOTH)] != database


def _keep_files_in_memory() -> None:
    """Let what tests write stay in memory, where the disk's pace does not count: no test here cuts the power."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo how a command or an application that ran inside a test has set the logging of this process."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def postgres_process(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """A server that syncs where tests kill it, measure it or ask about it; elsewhere nobody waits for the disk."""
    is_live = any(item.get_closest_marker("live") for item in request.session.items)
    with PostgresServer(is_durable=is_live) as server:
        yield server


@pytest.fixture
def postgres_server(postgres_process: PostgresServer) -> PostgresServer:
    """The session's PostgreSQL, running; a test may stop, kill and start it."""
    postgres_process.start()
    return postgres_process


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    """The session's Valkey, running and empty; a test may stop, kill, freeze, flush and start it."""
    redis_process.start()
    redis_process.thaw()
    redis_process.flushall()
    return redis_process


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url


@pytest.fixture(scope="session")
def postgres_template(postgres_process: PostgresServer) -> str:
    migrate(postgres_process.create_database(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "escalator.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a new SQLite database with the newest schema."""
    path = tmp_path / "escalator.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def shared_database(postgres_process: PostgresServer, postgres_template: str) -> SharedDatabase:
    return SharedDatabase(postgres_process, postgres_template)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, shared_database: SharedDatabase) -> Iterator[str]:
    """The address of an empty PostgreSQL database with the newest schema."""
    yield shared_database.give()
    postgres_server.start()
    shared_database.take_back()


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.postgres] if name == "postgres" else []) for name in DATABASES]
)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a new database with the newest schema; the test runs once on each engine."""
    return str(request.getfixturevalue(f"{request.param}_url"))


class OutsideWorld(PermissionError):
    """A test tried to reach something that is not on this machine."""


class _Gate:
    """Refuses to connect or to look a name up beyond this machine, and remembers who tried.

    It listens to the interpreter's audit events, so no library gets past it, and it remembers because the code under
    test is right to swallow the refusal: to it that is a vendor who cannot be reached.
    """

    def __init__(self) -> None:
        self.attempts: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in {"socket.connect", "socket.sendto"}:
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) else None
        elif event == "socket.getaddrinfo":
            host = arguments[0]
        else:
            return
        if not _is_here(host):
            self.attempts.append(f"{event} {host!r}")
            raise OutsideWorld(f"tests stay on this machine: {host!r}")


def _is_here(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else host
    if not isinstance(text, str) or text in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


_gate = _Gate()
sys.addaudithook(_gate)


@pytest.fixture(autouse=True)
def no_way_out() -> Iterator[list[str]]:
    """Fail a test that tried to leave this machine, even where the code under test took the refusal calmly."""
    _gate.attempts.clear()
    yield _gate.attempts
    assert _gate.attempts == []
