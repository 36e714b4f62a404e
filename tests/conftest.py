"""What every test may ask for: a database of its own on either engine, a real broker, and no way off this machine."""

import ipaddress
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
import structlog

from escalator.store.migrate import migrate
from tests.servers import PostgresServer, RedisServer

DATABASES = os.environ.get("TEST_DATABASES", "sqlite,postgres").split(",")
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

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo how a command or an application that ran inside a test has set the logging of this process."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def postgres_process() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
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


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The address of a new PostgreSQL database with the newest schema."""
    name = f"test_{uuid4().hex}"
    yield postgres_server.create_database(name, postgres_template)
    postgres_server.start()
    postgres_server.drop_database(name)


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
