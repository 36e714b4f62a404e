"""A background thread for slow work, so that the sweep does not wait for it."""

import threading
from collections.abc import Callable

import structlog

from escalator.errors import Unavailable
from escalator.services.core.context import Core

log = structlog.get_logger(__name__)


class BackgroundJob:
    """Runs its work each time it is woken. Errors are logged and do not end the thread."""

    def __init__(self, core: Core, name: str, work: Callable[[Core], None]) -> None:
        self._core = core
        self._name = name
        self._work = work
        self._is_woken = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Request one run; starts the thread the first time."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._is_woken.set()

    def _run(self) -> None:
        while True:
            self._is_woken.wait()
            self._is_woken.clear()
            try:
                self._work(self._core)
            except Unavailable as error:
                log.warning("without_database", what=self._name, reason=str(error))
            except Exception:  # whatever the error, the next run tries again
                log.exception("background_job_failed", what=self._name)
