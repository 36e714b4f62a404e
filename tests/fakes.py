"""What stands in for the world in tests that move time themselves: a clock, a queue, and a pool without threads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

from escalator.ports import ESCALATE

START = datetime(2026, 8, 20, 14, 3, 10, tzinfo=UTC)
"""Three seconds after the stored samples were flagged in Stream."""


class FakeClock:
    """A clock that stands still until it is moved; who waits for an instant is there at once."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self.waited_for: list[datetime] = []

    def now(self) -> datetime:
        return self._now

    def wait_until(self, instant: datetime) -> None:
        self.waited_for.append(instant)
        self._now = max(self._now, instant)

    def move(self, **span: float) -> datetime:
        self._now += timedelta(**span)
        return self._now

    def move_to(self, instant: datetime) -> None:
        assert instant >= self._now, "a clock does not go back"
        self._now = instant


class RecordingQueue:
    """A task queue that keeps what is published; `published` is emptied by whoever does the work."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.alarms: list[datetime] = []
        self.later: list[tuple[datetime, str]] = []
        self._lock = Lock()

    def publish(self, work: str) -> None:
        with self._lock:
            self.published.append(work)

    def publish_at(self, at: datetime, work: str = ESCALATE) -> None:
        with self._lock:
            if work == ESCALATE:
                self.alarms.append(at)
            else:
                self.later.append((at, work))

    def take(self) -> set[str]:
        with self._lock:
            taken, self.published = set(self.published), []
        return taken

    def ring(self, now: datetime) -> bool:
        """Whether an alarm of deadlines has rung by now; all that have are taken away, and other work is told."""
        with self._lock:
            self.published += [work for at, work in self.later if at <= now]
            self.later = [(at, work) for at, work in self.later if at > now]
            rung = [at for at in self.alarms if at <= now]
            self.alarms = [at for at in self.alarms if at > now]
        return bool(rung)


class InlineExecutor:
    """A pool whose work is done where it is submitted; what it raises is not lost."""

    def __init__(self, *_args: object, **_options: object) -> None:
        pass

    def submit(self, work: Callable[..., object], /, *args: object) -> None:
        work(*args)
