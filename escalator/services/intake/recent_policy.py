"""The running policy, about a second old, so that not every request queries the database."""

from collections.abc import Iterator
from threading import Lock
from time import monotonic

from escalator.errors import Unavailable
from escalator.model.policy import Policy, Source
from escalator.services.core.context import Core

_FRESH_S = 1.0


class RecentPolicy:
    """The running policy for one process's intake."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._lock = Lock()
        self._policy: Policy | None = None
        self._read_at = float("-inf")

    def get(self) -> Policy:
        """Return it. One request queries the database, the others use the known one. Raises Unavailable."""
        if self._lock.acquire(blocking=self._policy is None):
            try:
                self._refresh()
            finally:
                self._lock.release()
        if self._policy is None:
            raise Unavailable("no policy is active yet")
        return self._policy

    def sources(self) -> Iterator[Source]:
        """Yield the sources that are on: those with an API key. Raises Unavailable."""
        yield from (source for source in self.get().sources.values() if self._core.expand(source.api_key))

    def _refresh(self) -> None:
        if self._policy is not None and monotonic() - self._read_at <= _FRESH_S:
            return
        self._read_at = monotonic()
        with self._core.database.reading() as connection:
            running = self._core.policies.running(connection)
        self._policy = running.policy if running else self._policy
