"""What commands are given: files, times, durations; and what is said of an invalid one."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escalator.clock import SystemClock
from escalator.lazy_imports import LazyImport
from escalator.schedules.local_time import first_instant

if TYPE_CHECKING:
    import marshmallow

    from escalator.model.policy import Policy
    from escalator.policy import time_scalars
else:
    # Only a command with a duration among its options needs the policy's language.
    marshmallow = LazyImport("marshmallow")
    time_scalars = LazyImport("escalator.policy.time_scalars")


class Misused(click.ClickException):
    """An invalid argument; one line, and exit code 2."""

    exit_code = 2


def read(path: Path, remedy: str = "name a policy file, or set ESCALATOR_POLICY") -> bytes:
    """Return a file's bytes; raises Misused, with the remedy, when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misused(f"{path}: {error.strerror or error}; {remedy}") from error


def instant(option: str, text: str | None, policy: "Policy") -> datetime:
    """Return the time in an option, in the policy's zone unless it has its own, or now; raises Misused."""
    if text is None:
        return SystemClock().now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        right = "write it as 2026-01-05T18:00 or 2026-01-05T18:00:00Z"
        raise Misused(f"{option}: {text!r} is not a valid time; {right}") from error
    return at if at.tzinfo else first_instant(at, policy.timezone)


def duration(option: str, text: str, examples: str) -> timedelta:
    """Return the duration in an option, written as in a policy; raises Misused."""
    try:
        return time_scalars.Duration().read(text, option)
    except marshmallow.ValidationError as error:
        raise Misused(f"{option}: {text!r} is not a valid duration; write {examples}") from error
