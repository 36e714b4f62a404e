"""A child process of the supervisor: it ends with its parent, and is restarted when it ends."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import IO

from escalator.commands.run_log_filter import OutputFilter
from escalator.commands.run_plan import Part

SETTLED_S = 10.0
BACK_OFF_S = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Seconds before a restart, by how many times in a row the part has ended before it was settled."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Files:
    """What each part inherits: the lock of this instance, and as its input a file that ends when it may begin."""

    lock: int
    gate: int


class Child:
    """One part. `start` must be called by the main thread: on Linux a child ends with that thread."""

    def __init__(self, part: Part, environment: Mapping[str, str], files: Files, *, is_verbose: bool) -> None:
        self.name = part.name
        self.output_filter = OutputFilter(part.name, is_verbose=is_verbose)
        self._argv = part.argv
        self._environment = environment
        self._files = files
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._deaths = 0
        self.due_at: float | None = None

    @property
    def pid(self) -> int | None:
        """Return the id of the process, if there is one."""
        return self._process.pid if self._process else None

    @property
    def output(self) -> IO[bytes] | None:
        """Return its output."""
        return self._process.stdout if self._process else None

    def start(self) -> None:
        """Start the process; raises OSError on failure, after which it is due again later.

        It inherits the lock, so that no second instance starts while it runs.
        """
        self._started_at = monotonic()
        try:
            self._process = self._spawned()
        except OSError:
            self._note_death()
            raise
        self.due_at = None

    def _spawned(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603  # the plan is our own
            self._argv,
            env=self._environment,
            stdin=self._files.gate,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(self._files.lock,),
            preexec_fn=dying_with(os.getpid()),  # noqa: PLW1509  # this process has one thread
        )
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
        return process

    def ended(self) -> int | None:
        """Return the exit code of a process that has just ended, once; None while it runs or when there is none."""
        code = self._process.poll() if self._process else None
        if code is not None:
            self._process = None
            self._note_death()
        return code

    def _note_death(self) -> None:
        now = monotonic()
        self._deaths = 1 if now - self._started_at >= SETTLED_S else self._deaths + 1
        self.due_at = now + BACK_OFF_S[min(self._deaths, len(BACK_OFF_S)) - 1]

    def when(self) -> str:
        """Return when it is restarted, in words."""
        wait_s = (self.due_at or 0.0) - monotonic()
        return f"in {wait_s:.1f} s" if wait_s > 0 else "at once"

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if there is a process to receive it."""
        if self._process is not None:
            self._process.send_signal(number)


def adopt_orphans() -> None:
    """Become the parent of processes whose parents, our children, were killed (only on Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def dying_with(parent: int) -> Callable[[], None] | None:
    """Return the first function of a child: ask Linux to be killed when we end, and end if we already have."""
    libc = _LIBC
    if libc is None:
        return None

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL.value, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask
