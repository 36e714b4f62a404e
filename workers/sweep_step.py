"""The sweep as a worker step: a thread of its main process that neither pool nor broker can block."""

import os
import signal
from typing import Any

from celery import bootsteps

from escalator.services.maintenance.sweep import Sweeper
from workers.process_context import worker_process


class SweepStep(bootsteps.StartStopStep):
    """Starts the sweep with the worker and stops it with it."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._sweeper: Sweeper | None = None

    def start(self, parent: Any) -> None:
        """Start sweeping."""
        process = worker_process(parent.app)
        self._sweeper = Sweeper(process.core, process.sender, process.clock, _end_process)
        self._sweeper.start()

    def stop(self, parent: Any) -> None:
        """Stop sweeping; `parent` is the worker, as in every step."""
        del parent
        if self._sweeper is not None:
            self._sweeper.stop()

    terminate = stop


def _end_process() -> None:
    """End a worker whose sweep is stuck, at once: the supervisor starts another."""
    os.kill(os.getpid(), signal.SIGKILL)
