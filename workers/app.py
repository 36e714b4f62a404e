"""The Celery application: `celery -A workers.app worker`."""

from contextlib import suppress
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown, worker_shutdown

from escalator.errors import Unavailable
from workers.process import forget, process_of
from workers.sweep import SweepStep

app = Celery("escalator", include=["workers.tasks"])
app.config_from_object("celeryconfig")
app.steps["worker"].add(SweepStep)


@worker_process_init.connect
def _begin(**_kwargs: Any) -> None:
    """Make the parts of a pool process before its first task needs them."""
    process = process_of(app)
    with suppress(Unavailable):
        process.sender.start()


@worker_process_shutdown.connect
@worker_shutdown.connect
def _end(**_kwargs: Any) -> None:
    forget()
