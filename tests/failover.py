"""Two PostgreSQL servers, of which one follows the other, and an address that leads to either."""

import shutil
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import psycopg

from tests.servers import PostgresServer

_CHUNK = 65536


class Replicating(PostgresServer):
    """A server that others may follow, or that follows another."""

    def command(self) -> list[str]:
        options = {"wal_level": "replica", "max_wal_senders": 4, "hot_standby": "on"}
        return [*super().command(), *(part for key, value in options.items() for part in ("-c", f"{key}={value}"))]

    @property
    def socket(self) -> Path:
        return self.directory / ".s.PGSQL.5432"

    def follow(self, primary: "Replicating") -> None:
        """Become the standby of another server, whose durable commits wait for this one from now on."""
        how = ["--host", str(primary.directory), "--username", "postgres", "--pgdata", str(self._data)]
        self._run(self._binaries / "pg_basebackup", *how, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
        self.start()
        primary.tell("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")

    def refuse_writes(self) -> None:
        """Answer everybody and take no writes, on living connections too, as a demoted primary does."""
        self.tell("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Become a primary; nobody follows."""
        self.tell("SELECT pg_promote()", "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")

    def become_standby(self) -> None:
        """Restart as a standby that follows nobody."""
        self.stop()
        signal = self._data / "standby.signal"
        signal.touch()
        if self.user:
            shutil.chown(signal, self.user)
        self.start()

    def tell(self, *statements: str) -> None:
        """Execute statements as its administrator, whatever the server is set to."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
                connection.execute("SET default_transaction_read_only = off")
            for statement in statements:
                connection.execute(statement)


class Switch:
    """A TCP address that leads each new connection to its present target, a Unix socket; living ones stay.

    Silent, it accepts and passes on nothing, in either direction, until it speaks again.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self._passing = threading.Event()
        self._passing.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.port = int(self._listener.getsockname()[1])

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def fall_silent(self) -> None:
        """Pass nothing on any more: the host of the target is gone without a word."""
        self._passing.clear()

    def lead_to(self, target: Path) -> None:
        """Lead new connections there; those that are silent stay so."""
        with self._lock:
            self._passing = threading.Event()
            self._passing.set()
            self.target = target

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="switch", daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                target, passing = self.target, self._passing
            self._open.append(client)
            self._start(self._serve, client, target, passing)

    def _serve(self, client: socket.socket, target: Path, passing: threading.Event) -> None:
        server = socket.socket(socket.AF_UNIX)
        self._open.append(server)
        try:
            server.connect(str(target))
        except OSError:
            client.close()
            return
        self._start(_pump, client, server, passing)
        self._start(_pump, server, client, passing)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, passing: threading.Event) -> None:
    """Pass on what comes while it may be passed on, and the end of it."""
    with suppress(OSError):
        while passing.wait() and (data := source.recv(_CHUNK)):
            passing.wait()
            sink.sendall(data)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
