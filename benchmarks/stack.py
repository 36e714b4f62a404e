"""The product on real servers, and a bare Flask + Celery + requests pipeline beside it, as child processes."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import NullPool, create_engine, text

from escalator.store.migrate import migrate
from tests.servers import PostgresServer, RedisServer

ROOT = Path(__file__).parent.parent
API_KEY, API_SECRET = "bench-key", "bench-secret"
CHANNELS = 20
POLICY = """
version: 1
sources:
  bench: {platform: stream, api_key: bench-key, api_secret: bench-secret}
people:
  ana: {name: Ana, slack: U0ANA}
  eli: {name: Eli, slack: U0ELI, role: admin}
teams:
  mods: {members: [ana]}
destinations:
  seniors: {slack: "C0SENIORS", urgent: true}
%(destinations)s
categories:
  threat: {title: Threat, labels: [THREAT], at_least: high}
routes:
%(routes)s
default: quiet
paths:
  quiet: [{notify: [seniors]}]
%(paths)s
unanswered: {restart_after: 2h}
"""


def policy(after: str) -> str:
    """Return a policy with 20 channels, chosen by the item's language tag, whose second step comes `after`."""
    numbers = range(CHANNELS)
    return POLICY % {
        "destinations": "\n".join(f'  room-{n}: {{slack: "C0ROOM{n}", urgent: true}}' for n in numbers),
        "routes": "\n".join(
            f"  - {{name: Room {n}, when: {{category: threat, language: l{n}}}, path: room-{n}, assign: mods}}"
            for n in numbers
        ),
        "paths": "\n".join(
            f"  room-{n}: [{{notify: [room-{n}]}}, {{after: {after}, notify: [seniors]}}]" for n in numbers
        ),
    }


def die_with_parent() -> None:
    """Let a child process end with the measurement, however that ends (Linux)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class Stack:
    """Servers and processes of one measurement; subclasses say which database."""

    redis: RedisServer
    slack_url: str
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="bench-")))
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    plain_url: str = ""

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of the product's processes."""
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis.url,
            "ESCALATOR_POLICY": str(self.folder / "escalation.yml"),
            "ESCALATOR_MODE": "production",
            "ESCALATOR_VAR": str(self.folder),
            "SECRET_KEY": "bench",
            "SLACK_BOT_TOKEN": "xoxb-bench",
            "SLACK_SIGNING_SECRET": "bench-signing",
            "SLACK_API_URL": self.slack_url,
            "STREAM_API_URL": "http://127.0.0.1:9",
            # What is measured is the product; the wait that Slack asks for would hide it.
            "SLACK_PACE": "0",
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            **more,
        }

    @property
    def database_url(self) -> str:
        """Return the URL for the product."""
        return self.plain_url

    @property
    def label(self) -> str:
        """Return what the report calls it."""
        raise NotImplementedError

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        raise NotImplementedError

    def prepare(self, after: str = "1h") -> None:
        """Make a fresh database and write the policy."""
        self.plain_url = self.new_database()
        (self.folder / "escalation.yml").write_text(policy(after))
        migrate(self._driver_url)

    @property
    def _driver_url(self) -> str:
        return self.plain_url.replace("postgresql://", "postgresql+psycopg://")

    def execute(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run one statement, committed, with `:name` parameters, and return its rows, if it gives any."""
        engine = create_engine(self._driver_url, poolclass=NullPool)
        with engine.begin() as connection:
            result = connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    def start(self, *command: str, **more: str) -> subprocess.Popen[bytes]:
        """Start one process, in a group of its own, that ends with the measurement."""
        child = subprocess.Popen(
            command,
            env=self.environment(**more),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        self.children.append(child)
        return child

    def start_web(self) -> None:
        """Start the product's web process and wait until it takes events."""
        gunicorn = ("-m", "gunicorn", "--config", "python:web.gunicorn_config", "web.app:create_app()")
        self.start(sys.executable, *gunicorn)
        wait_for(f"http://127.0.0.1:{self.port}/readyz")

    def start_worker(self, *more: str) -> subprocess.Popen[bytes]:
        """Start the product's worker."""
        celery = ("-m", "celery", "-A", "workers.app", "worker", "--loglevel=WARNING")
        quiet = more or ("--concurrency=2", "--without-gossip", "--without-mingle")
        return self.start(sys.executable, *celery, *quiet)

    def stop(self) -> None:
        """End every process."""
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        self.children.clear()


@dataclass(kw_only=True)
class PostgresStack(Stack):
    """On PostgreSQL and Valkey."""

    postgres: PostgresServer

    @property
    def label(self) -> str:
        """Return what the report calls it."""
        return "PostgreSQL"

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"bench_{time.monotonic_ns()}"
        return self.postgres.create_database(name)


@dataclass(kw_only=True)
class EmbeddedStack(Stack):
    """On what `escalator run` embeds: a SQLite file and Valkey."""

    @property
    def label(self) -> str:
        """Return what the report calls it."""
        return "embedded"

    def new_database(self) -> str:
        """Name a file that does not exist yet and return its URL."""
        return f"sqlite:///{self.folder / f'bench_{time.monotonic_ns()}.db'}"


def wait_for(url: str, seconds: float = 30) -> None:
    """Wait until something answers 200 there."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=1).status_code == 200:
                return
        time.sleep(0.05)
    raise TimeoutError(url)


@contextlib.contextmanager
def stack(slack_url: str) -> Iterator[PostgresStack]:
    """Give servers for a measurement and clear up behind it."""
    with PostgresServer() as postgres, RedisServer() as redis:
        made = PostgresStack(postgres=postgres, redis=redis, slack_url=slack_url)
        try:
            yield made
        finally:
            made.stop()


@contextlib.contextmanager
def embedded_stack(slack_url: str) -> Iterator[EmbeddedStack]:
    """Give what the embedded default runs on for a measurement and clear up behind it."""
    with RedisServer() as redis:
        made = EmbeddedStack(redis=redis, slack_url=slack_url)
        try:
            yield made
        finally:
            made.stop()


STACKS = (stack, embedded_stack)
"""Each of them, for a measurement on both databases."""
