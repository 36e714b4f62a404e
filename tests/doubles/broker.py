"""A broker that can answer every command, or chosen ones, with an error: a proxy in front of a real Valkey.

    with BrokerProxy(redis_server.port) as broker:
        broker.fail(Reply(b"-READONLY You can't write against a read only replica.\\r\\n"))
        broker.fail(HANG, only={"BRPOP"})
        broker.recover()

Each command of a client is passed on and its reply is passed back, one at a time, so that what the proxy answers
itself stands where the server's reply would stand. A command that fails within MULTI aborts the transaction, as the
protocol demands (https://redis.io/docs/latest/develop/reference/protocol-spec/, "Transactions").
"""

import socket
import ssl
import threading
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Self

_SUBSCRIPTIONS = {"SUBSCRIBE", "PSUBSCRIBE"}
_ABORTED = b"-EXECABORT Transaction discarded because of previous errors.\r\n"


@dataclass(frozen=True)
class Reply:
    """What a command is answered with, as it goes over the wire; then the connection may be closed or left hanging."""

    data: bytes = b""
    closes: bool = False
    hangs: bool = False


HANG = Reply(hangs=True)
CLOSE = Reply(closes=True)


def error(words: str) -> Reply:
    """Return an error reply: its code in capital letters, and what it says."""
    return Reply(f"-{words}\r\n".encode())


_WRITES = {"LPUSH", "SET", "ZADD", "HSET", "EXEC", "SADD", "BRPOP", "EVALSHA", "EVAL"}
_PUBLISHES = {"LPUSH"}
_ACKNOWLEDGES = {"ZREM", "HDEL", "EXEC"}
_LOCKS = {"SET"}

FAILURES: dict[str, tuple[Reply, Collection[str]]] = {
    "READONLY": (error("READONLY You can't write against a read only replica."), _WRITES),
    "MISCONF": (
        error("MISCONF Valkey is configured to save RDB snapshots, but cannot persist to disk."),
        _WRITES,
    ),
    "OOM": (error("OOM command not allowed when used memory > 'maxmemory'."), {"LPUSH", "SET", "ZADD", "HSET", "EXEC"}),
    "LOADING": (error("LOADING Valkey is loading the dataset in memory"), ()),
    "MASTERDOWN": (error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."), ()),
    "NOAUTH": (error("NOAUTH Authentication required."), ()),
    "WRONGPASS": (error("WRONGPASS invalid username-password pair or user is disabled."), ()),
    "no password is set": (error("ERR AUTH <password> called without any password configured"), ()),
    "NOPERM": (error("NOPERM this user has no permissions to run the command"), ()),
    "NOPERM to take a task": (error("NOPERM this user has no permissions to run the 'brpop' command"), {"BRPOP"}),
    "NOPERM to publish": (error("NOPERM this user has no permissions to run the 'lpush' command"), _PUBLISHES),
    "NOPERM to acknowledge": (error("NOPERM this user has no permissions to run the 'zrem' command"), _ACKNOWLEDGES),
    "NOPERM to lock": (error("NOPERM this user has no permissions to run the 'set' command"), _LOCKS),
    "NOPERM to subscribe": (error("NOPERM this user has no permissions to access one of the channels"), _SUBSCRIPTIONS),
    "CLUSTERDOWN": (error("CLUSTERDOWN The cluster is down"), ()),
    "MOVED": (error("MOVED 3999 127.0.0.1:6381"), ()),
    "BUSY": (error("BUSY Valkey is busy running a script. You can only call SCRIPT KILL."), ()),
    "NOREPLICAS": (error("NOREPLICAS Not enough good replicas to write."), _WRITES),
    "UNKILLABLE": (error("UNKILLABLE The busy script was sent by a master instance."), ()),
    "NOSCRIPT": (error("NOSCRIPT No matching script."), {"EVALSHA", "EVAL", "SCRIPT"}),
    "EXECABORT": (error("EXECABORT Transaction discarded because of previous errors."), {"EXEC"}),
    "too many clients": (Reply(b"-ERR max number of clients reached\r\n", closes=True), ()),
    "an unknown command": (error("ERR unknown command, with args beginning with: "), ()),
    "an error without a code": (error("what"), ()),
    "WRONGTYPE": (error("WRONGTYPE Operation against a key holding the wrong kind of value"), _WRITES),
    "a number": (Reply(b":7\r\n"), ()),
    "a word": (Reply(b"+BANANA\r\n"), ()),
    "bytes that are no text": (Reply(b"$4\r\n\xff\xfe\x00\x80\r\n"), ()),
    "an empty list": (Reply(b"*0\r\n"), ()),
    "a list of lists": (Reply(b"*2\r\n*1\r\n:1\r\n$-1\r\n"), ()),
    "nothing": (Reply(b"$-1\r\n"), ()),
    "a task that is no JSON": (Reply(b"*2\r\n$9\r\nescalator\r\n$1\r\n{\r\n"), {"BRPOP"}),
    "a task that is no task": (Reply(b"*2\r\n$9\r\nescalator\r\n$2\r\n{}\r\n"), {"BRPOP"}),
    "another protocol": (Reply(b"HTTP/1.1 400 Bad Request\r\n\r\n", closes=True), ()),
    "the end of the connection": (CLOSE, ()),
    "silence": (HANG, ()),
}
"""What a broker can answer, and to which commands it does (none named: to all)."""


class BrokerProxy:
    """Listens on a port of its own and speaks to the server behind it, unless it is told to fail; `tls` secures it."""

    def __init__(self, upstream_port: int, tls: ssl.SSLContext | None = None) -> None:
        self._upstream_port = upstream_port
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._failure: Reply | None = None
        self._only: frozenset[str] = frozenset()
        self._recovered = threading.Event()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self.failed: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"{'rediss' if self._tls else 'redis'}://127.0.0.1:{self.port}/0"

    def fail(self, reply: Reply, only: Collection[str] = ()) -> None:
        """Answer every command, or only these, with this reply from now on."""
        with self._lock:
            self._failure, self._only = reply, frozenset(only)
            self._recovered.clear()
            self.failed.clear()

    def recover(self) -> None:
        """Answer as the server does again. Connections that hang end."""
        with self._lock:
            self._failure = None
            self._recovered.set()

    def cut(self) -> None:
        """End every connection there is; new ones are taken."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.recover()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._connections.add(client)
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", self._upstream_port)) as server:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                with self._tls.wrap_socket(client, server_side=True) as secured:
                    self._talk(secured, server)
            else:
                self._talk(client, server)
        with self._lock:
            self._connections.discard(client)

    def _talk(self, client: socket.socket, server: socket.socket) -> None:
        questions, answers = client.makefile("rb"), server.makefile("rb")
        is_aborted = is_pushed_to = False
        while question := _read_value(questions):
            name = _command(question)
            failure = self._failure_of(name)
            if failure is not None:
                is_aborted = True
                if name == "EXEC":
                    _ask(server, answers, b"DISCARD")
                if not self._give(failure, client):
                    return
            elif name == "EXEC" and is_aborted:
                _ask(server, answers, b"DISCARD")
                client.sendall(_ABORTED)
            else:
                server.sendall(question)
                if name in _SUBSCRIPTIONS and not is_pushed_to:
                    is_pushed_to = True
                    threading.Thread(target=_pump, args=(server, client), daemon=True).start()
                elif not is_pushed_to:
                    client.sendall(_read_value(answers))
            is_aborted = is_aborted and name not in {"MULTI", "EXEC", "DISCARD"}

    def _failure_of(self, name: str) -> Reply | None:
        with self._lock:
            if self._failure is None or (self._only and name not in self._only):
                self.passed[name] += 1
                return None
            self.failed[name] += 1
            return self._failure

    def _give(self, failure: Reply, client: socket.socket) -> bool:
        """Answer, and return whether the connection stays."""
        client.sendall(failure.data)
        if failure.hangs:
            self._recovered.wait()
        return not (failure.closes or failure.hangs)


def _ask(server: socket.socket, answers: BinaryIO, command: bytes) -> bytes:
    server.sendall(b"*1\r\n$%d\r\n%s\r\n" % (len(command), command))
    return _read_value(answers)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


def _read_value(stream: BinaryIO) -> bytes:
    """Return one whole value of the protocol as it came; nothing at the end of the stream."""
    line = stream.readline()
    kind, size = line[:1], line[1:-2]
    if kind in b"$=" and kind and int(size) >= 0:
        return line + stream.read(int(size) + 2)
    if kind in b"*~>%" and kind:
        count = max(0, int(size)) * (2 if kind == b"%" else 1)
        return line + b"".join(_read_value(stream) for _ in range(count))
    return line


def _command(question: bytes) -> str:
    """Return the name of a command: the first of the array's strings."""
    parts = question.split(b"\r\n")
    return parts[2].decode("ascii", "replace").upper() if len(parts) > 2 else ""
