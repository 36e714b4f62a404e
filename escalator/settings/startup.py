"""A process whose settings are wrong ends at its start, with one line for each problem on stderr."""

import sys
from collections.abc import Callable
from typing import TypeVar

from escalator.errors import ConfigurationError

T = TypeVar("T")

EXIT_CODE = 3
"""A gunicorn worker that ends so has failed to boot, and its master ends with it, by the same code; after any other
one the master would start the next worker, for ever (gunicorn/arbiter.py, `WORKER_BOOT_ERROR`)."""


def exit_if_misconfigured(read: Callable[[], T]) -> T:
    """Return what is read, or end this process with the problems of the ConfigurationError that is raised."""
    try:
        return read()
    except ConfigurationError as error:
        for problem in error.problems:
            sys.stderr.write(f"escalator: not started: {' '.join(problem.split())}\n")
        sys.stderr.flush()
        raise SystemExit(EXIT_CODE) from None
