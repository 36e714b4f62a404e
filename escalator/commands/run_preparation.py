"""The process that prepares the database while web is being imported, for the supervisor. Standard library only."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

from escalator.commands.run_child import dying_with


class Preparation:
    """One process. `gate` is a file that ends when it has succeeded: web reads it before it uses the database."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], lock: int) -> None:
        self.gate, self._shut = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603  # the plan is our own
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            pass_fds=(lock,),
            preexec_fn=_deaf_to_ctrl_c(dying_with(os.getpid())),  # noqa: PLW1509  # this process has one thread
        )

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def page(self) -> tuple[str, ...] | None:
        """Return the lines that it printed, and open the gate; None if it failed. It must have ended."""
        output, _errors = self._process.communicate()
        if self._process.returncode != 0:
            return None
        os.close(self._shut)
        return tuple(output.decode(errors="replace").splitlines())

    def stop(self) -> None:
        """End it; its transaction is rolled back."""
        self._process.kill()
        self._process.communicate()


def _deaf_to_ctrl_c(first: Callable[[], None] | None) -> Callable[[], None]:
    """Return the first function of a child that leaves it to the supervisor to end it."""

    def begin() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if first is not None:
            first()

    return begin
