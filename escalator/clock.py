"""The only reader of the real clock. Time is the database's: the local clock plus a measured offset."""

from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Protocol


class Clock(Protocol):
    """Returns the time, which everything else takes as an argument."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC, by the database's clock."""
        ...

    def wait_until(self, instant: datetime) -> None:
        """Return at that instant or as soon after it as possible."""
        ...


class Stopwatch:
    """Seconds on a clock that never jumps: for intervals within one process, never for instants."""

    def __init__(self) -> None:
        self._started = monotonic()

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return monotonic() - self._started


class SystemClock:
    """The machine's clock, corrected by the offset that every process measures against PostgreSQL every two seconds.

    Between two measurements it uses a clock that never jumps. Otherwise, when somebody sets the machine's clock, all
    deadlines would be due and all leases expired for a moment.
    """

    def __init__(self) -> None:
        self._base = (_wall(), Stopwatch(), timedelta(0))

    @property
    def offset(self) -> timedelta:
        """Return by how much the machine's clock was behind the database's when it was last measured."""
        return self._base[2]

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC, by the database's clock."""
        wall, watch, offset = self._base
        return wall + timedelta(seconds=watch.seconds()) + offset

    def follow(self, instant: datetime | None = None) -> None:
        """Continue from this instant, the database's present time; without one, from the machine's clock."""
        wall = _wall()
        self._base = (wall, Stopwatch(), timedelta(0) if instant is None else instant - wall)

    def wait_until(self, instant: datetime) -> None:
        """Return at that instant or as soon after it as possible."""
        while (remaining := (instant - self.now()).total_seconds()) > 0:
            sleep(remaining)


def _wall() -> datetime:
    return datetime.now(UTC)
