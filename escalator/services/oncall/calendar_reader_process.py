"""The process that reads one feed: text on stdin, zone and span as arguments, result on stdout.

It ends itself when it takes too long, whether or not anybody waits, and gets no more memory than a large feed needs.
"""

import resource
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from escalator.schedules.calendar import FeedFlaw
from escalator.schedules.ical import read_feed
from escalator.services.oncall.calendar_protocol import encode_reading

MOST_BYTES = 512 * 1024 * 1024


def main() -> None:
    """Read the feed and print its content."""
    zone, start, end, seconds = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    try:
        reading = read_feed(
            sys.stdin.buffer.read(), ZoneInfo(zone), datetime.fromisoformat(start), datetime.fromisoformat(end)
        )
    except MemoryError:
        reading = FeedFlaw.TOO_MUCH
    sys.stdout.buffer.write(encode_reading(reading))


if __name__ == "__main__":
    main()
