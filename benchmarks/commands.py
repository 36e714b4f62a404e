"""How soon commands answer and `escalator run` is ready, with bare baselines of the same run beside them."""

import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from benchmarks.processes import cpu_s, tree
from benchmarks.stack import ROOT, die_with_parent, free_port
from escalator.stream.samples import sample

TRIES, PATIENCE_S, _PAUSE_S = 5, 60.0, 0.01
COMMANDS = (
    "--help",
    "init policy-{try}.yml",
    "check",
    "explain event.json",
    "oncall",
    "coverage",
    "sample",
    "incidents",
    "incidents 1001",
    "hold 1001",
    "unreadable",
    "silence",
    "policy history",
    "backtest escalation.yml escalation.yml",
    "drill",
    "audit verify",
    "sign-in-link",
    "stream status",
    "doctor",
    "reseal",
    "migrate",
)
"""One of each kind, in the folder of an installation that has had one alert and runs no more."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """What a process took: by the clock, and of CPU."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} s (CPU {self.cpu:.2f} s)"


@dataclass(frozen=True, slots=True)
class Running:
    """What has been started: its first process, and the port that it answers on."""

    pid: int
    port: int


def commands() -> list[str]:
    """Each command, from its start to its end, in a fresh process."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with _running(folder, "-m", "escalator", "run") as running:
            _timed(folder, "-m", "escalator", "sample", PORT=str(running.port))
        _timed(folder, "-m", "escalator", "init")
        (folder / "event.json").write_bytes(sample("threat", datetime.now(UTC), lambda: str(uuid4())))
        return [_row(folder, words) for words in COMMANDS]


def _row(folder: Path, words: str) -> str:
    """Measure a command and the baselines in turn, for other load on the machine comes and goes."""
    ours, bare, libraries = [], [], []
    for number in range(TRIES):
        ours.append(_timed(folder, "-m", "escalator", *words.replace("{try}", str(number)).split()))
        bare.append(_timed(folder, "-c", "pass"))
        libraries.append(_timed(folder, "-c", "import sqlalchemy, click"))
    beside = f"bare Python: {_middle(bare)}; sqlalchemy and click imported: {_middle(libraries)}"
    return f"| `escalator {words}` | {_middle(ours)} | {beside} | 0.4 s |"


def ready() -> list[str]:
    """`escalator run` in an empty folder, from its start to the first 200 of /readyz."""
    ours, bare = [], []
    for _ in range(TRIES):
        ours.append(_ready_after("-m", "escalator", "run"))
        bare.append(_ready_after("-m", "benchmarks.bare_run"))
    return [
        f"| `escalator run` in an empty folder, until it is ready | {_middle(ours)} "
        f"| bare Flask, Celery and Valkey, until Flask answers: {_middle(bare)} | 2 s |"
    ]


def _ready_after(*words: str) -> Seconds:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        began = time.monotonic()
        with _running(Path(name), *words) as running:
            return Seconds(time.monotonic() - began, cpu_s(tree(running.pid)))


@contextlib.contextmanager
def _running(folder: Path, *words: str) -> Iterator[Running]:
    """Start everything, wait until it is ready, and end it afterwards."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        env=_environment(PORT=str(port)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    try:
        _wait_until_ready(port)
        yield Running(process.pid, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


def _wait_until_ready(port: int) -> None:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
            client.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            if b" 200 " in client.recv(4096)[:20]:
                return
        time.sleep(_PAUSE_S)
    raise TimeoutError(f"nothing is ready on port {port}")


def _middle(measured: list[Seconds]) -> Seconds:
    return Seconds(
        statistics.median(seconds.wall for seconds in measured), statistics.median(seconds.cpu for seconds in measured)
    )


def _timed(folder: Path, *words: str, **more: str) -> Seconds:
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        env=_environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _pid, _status, used = os.wait4(process.pid, 0)
    return Seconds(time.monotonic() - began, used.ru_utime + used.ru_stime)


def _environment(**more: str) -> dict[str, str]:
    """Return an environment in which bytecode is kept, as after an installation."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT), **more}
