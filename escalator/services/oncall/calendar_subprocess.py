"""Reads a feed in its own process: a thread cannot be stopped, and a rule of one line may never end.

No long-lived process imports the calendar libraries, so their memory is used for a second only.
"""

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from escalator.schedules.calendar import FeedFlaw, FeedReading
from escalator.services.oncall.calendar_protocol import decode_reading

log = structlog.get_logger(__name__)

LONGEST_S = 10
"""Of processor time; a calendar of the largest accepted size takes one or two."""

_PATIENCE_S = 30
"""Extra time by the clock: the processor may be busy with alerts, which go first."""

_READER = "escalator.services.oncall.calendar_reader_process"
_ROOT = Path(__file__).parents[3]
"""Where our package is found: the process may have been started anywhere."""


def read_in_subprocess(
    feed: bytes, zone: ZoneInfo, start: datetime, end: datetime, longest_s: int = LONGEST_S
) -> FeedReading | FeedFlaw:
    """Return a feed's content in [start, end), or its flaw: TOO_MUCH after so many seconds of processor time."""
    command = [sys.executable, "-m", _READER, zone.key, start.isoformat(), end.isoformat(), str(longest_s)]
    try:
        process = subprocess.run(  # noqa: S603  # the command is ours; the feed is its input
            command,
            input=feed,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=longest_s + _PATIENCE_S,
            cwd=_ROOT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return FeedFlaw.TOO_MUCH
    if process.returncode < 0:
        return FeedFlaw.TOO_MUCH
    if process.returncode > 0:
        log.error("calendar_reader_failed", code=process.returncode)
        return FeedFlaw.UNREADABLE
    return decode_reading(process.stdout)
