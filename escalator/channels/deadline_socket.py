"""Connections with a deadline for all operations together.

A timeout of the standard library is for each operation on the socket, so a slow answer can hold a call without limit,
and a name look-up has no limit at all. Here the work is done in a thread of its own, over a socket that the caller's
thread can close.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

MAX_ANSWER_BYTES = 256 * 1024

T = TypeVar("T")

Guard = Callable[[str, int], str]
"""Host and port -> the address to connect to; raises OSError for one that must not be reached."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one operation on the socket, and a whole call, may take, in seconds; and how large an answer may be."""

    socket_s: float = 5.0
    total_s: float = 9.0
    answer_bytes: int = MAX_ANSWER_BYTES


@cache
def tls() -> ssl.SSLContext:
    """Return the one TLS context of this process: reading the authorities takes long."""
    return ssl.create_default_context()


class Wire:
    """The connection of one call, which another thread may close."""

    def __init__(self, guard: Guard | None = None) -> None:
        self._guard = guard
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._is_cut = False

    def connect(self, address: tuple[str, int], timeout: float, source: tuple[str, int] | None = None) -> socket.socket:
        """Connect, and keep a second handle: TLS detaches the first during its handshake."""
        host, port = address
        place = (host if self._guard is None else self._guard(host, port), port)
        connection = socket.create_connection(place, timeout, source)
        with self._lock:
            if self._is_cut:
                connection.close()
                raise TimeoutError
            self._handle = connection.dup()
        return connection

    def cut(self) -> None:
        """End the call in any state."""
        with self._lock:
            self._is_cut = True
            if self._handle is not None:
                try:
                    self._handle.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return

    def close(self) -> None:
        """Close the second handle."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None


def in_time(work: Callable[[Wire], T], total_s: float, guard: Guard | None = None) -> T:
    """Return the result of the work, or raise its error; TimeoutError after `total_s` seconds.

    A thread that is still in a name look-up then ends by itself.
    """
    wire = Wire(guard)
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(work(wire))
        except Exception as error:  # noqa: BLE001  # handed over to the caller, in whose thread it is raised
            result.set_exception(error)
        finally:
            wire.close()

    threading.Thread(target=run, name="vendor-call", daemon=True).start()
    try:
        return result.result(total_s)
    except TimeoutError:
        wire.cut()
        raise
