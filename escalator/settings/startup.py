"""End a process with invalid settings at its start, with one line for each problem on stderr."""

import sys
from collections.abc import Callable
from typing import TypeVar

from escalator.errors import ConfigurationError

T = TypeVar("T")

EXIT_CODE = 3
"""The exit code by which a gunicorn worker reports a failed boot: its master ends too, with the same code. After any
other code the master would start the next worker, for ever (gunicorn/arbiter.py, `WORKER_BOOT_ERROR`)."""


def exit_if_misconfigured(read: Callable[[], T]) -> T:
    """Return the result of `read`, or end this process with the problems of its ConfigurationError."""
    try:
        return read()
    except ConfigurationError as error:
        for problem in error.problems:
            sys.stderr.write(f"escalator: not started: {' '.join(problem.split())}\n")
        sys.stderr.flush()
        raise SystemExit(EXIT_CODE) from None
