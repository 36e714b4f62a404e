"""Starts the product's processes from one that has imported their code: importing is half of what a live test computes.

    process = ForkServer.of_this_run().start(("-m", "celery", ...), environment, folder, log)

Such a process differs in nothing else from one that `python -m ...` starts: it has a session, an environment and a log
of its own, and reads its settings itself. `tests/live/test_start_refused.py` and the tests of `escalator run` start
theirs as a deployment does.

The server forks a guardian for each process, which forks the process, says its id and waits for its exit code. Each
dies with its parent, so that all of them die with the test run.
"""

import atexit
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, NoReturn, Self

ROOT = Path(__file__).parents[2]
_PR_SET_PDEATHSIG = 1
# What reads the environment while it is imported is left to each process: celeryconfig, gunicorn and its configuration.
_IMPORTED = (
    "web.app",
    "workers.broker_consumer",
    "workers.process_context",
    "workers.sweep_step",
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.concurrency.prefork",
    "celery.concurrency.thread",
    "kombu.transport.redis",
)


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL.value)


class Forked:
    """A process that the server has started, with what of subprocess.Popen the tests use."""

    def __init__(self, guardian: socket.socket) -> None:
        self._guardian = guardian
        self._words: BinaryIO = guardian.makefile("rb")
        self._code: int | None = None
        self.pid = int(self._words.readline())

    def poll(self) -> int | None:
        """Return the exit code, None while the process runs."""
        return self._heard(0)

    def wait(self, timeout: float) -> int:
        """Return the exit code once there is one."""
        code = self._heard(timeout)
        if code is None:
            raise TimeoutError(f"process {self.pid} has not ended within {timeout} s")
        return code

    def _heard(self, within_s: float) -> int | None:
        if self._code is None and select.select([self._guardian], [], [], within_s)[0]:
            self._code = int(self._words.readline())
            self._words.close()
            self._guardian.close()
        return self._code


class ForkServer:
    """The server, as the tests see it."""

    def __init__(self) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("")
            listener.listen()
            self._address = listener.getsockname()
            self._process = subprocess.Popen(
                (sys.executable, "-m", __name__, str(listener.fileno())),
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    @classmethod
    @cache
    def of_this_run(cls) -> Self:
        """Return the server of this test run, started when it is first needed."""
        server = cls()
        atexit.register(server.close)
        return server

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> Forked:
        """Start `python COMMAND` in a session of its own."""
        guardian = socket.socket(socket.AF_UNIX)
        guardian.connect(self._address)
        order = {"command": command, "environment": dict(environment), "folder": str(folder), "log": str(log)}
        guardian.sendall(json.dumps(order).encode() + b"\n")
        return Forked(guardian)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def _serve(listener: socket.socket) -> None:
    for module in _IMPORTED:
        import_module(module)
    gc.collect()
    gc.freeze()
    # The guardians are nobody's business.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _address = listener.accept()
        if not os.fork():
            listener.close()
            _guard(connection)
        connection.close()


def _guard(connection: socket.socket) -> NoReturn:
    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection.makefile("rb") as words:
        order = json.loads(words.readline())
    pid = os.fork()
    if not pid:
        connection.close()
        _become(**order)
    connection.sendall(b"%d\n" % pid)
    _pid, status = os.waitpid(pid, 0)
    connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(command: list[str], environment: dict[str, str], folder: str, log: str) -> NoReturn:
    os.setsid()
    die_with_parent()
    os.chdir(folder)
    said, nothing = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), os.open(os.devnull, os.O_RDONLY)
    for ours, standard in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(ours, standard)
    os.close(said)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = folder
    os.execv = _go_on_as  # web checks its settings and becomes gunicorn
    _go_on_as(sys.executable, [sys.executable, *command])


def _go_on_as(_program: str, command: list[str]) -> NoReturn:
    _python, _is_module, module, *arguments = command
    sys.orig_argv, sys.argv = list(command), [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
