"""The only reader of the real clock. Time is the database's: the local clock plus a measured offset."""

from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Protocol


class Clock(Protocol):
    """Tells the time, which everything else takes as an argument."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC, by the database's clock."""
        ...

    def wait_until(self, instant: datetime) -> None:
        """Return at that instant or as soon after it as can be."""
        ...


class SystemClock:
    """The machine's clock, corrected by the offset that the sweep measures against PostgreSQL."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC, by the database's clock."""
        return datetime.now(UTC) + self.offset

    def wait_until(self, instant: datetime) -> None:
        """Return at that instant or as soon after it as can be."""
        while (rest := (instant - self.now()).total_seconds()) > 0:
            sleep(rest)


class Stopwatch:
    """Seconds on a clock that never jumps: for intervals within one process, never for instants."""

    def __init__(self) -> None:
        self._started = monotonic()

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return monotonic() - self._started
