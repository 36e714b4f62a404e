"""The Celery application: `celery -A workers.app worker`."""

from contextlib import suppress
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, worker_process_init, worker_process_shutdown, worker_shutdown

from escalator.bootstrap import build
from escalator.errors import Unavailable
from escalator.services.core.production_secrets import require_secrets
from escalator.settings import from_environment
from escalator.settings.startup import exit_if_misconfigured
from workers.process_context import close_process, worker_process
from workers.sweep_step import SweepStep

app = Celery("escalator", include=["workers.tasks"])
app.config_from_object("celeryconfig")
app.steps["worker"].add(SweepStep)


@celeryd_init.connect
def _refuse(**_kwargs: Any) -> None:
    """End the worker before it forks if production lacks a secret that its policy needs."""
    core = build(exit_if_misconfigured(from_environment), pool_size=1)
    try:
        exit_if_misconfigured(lambda: require_secrets(core))
    finally:
        core.database.close()


@worker_process_init.connect
def _begin(**_kwargs: Any) -> None:
    """Create the parts of a pool process before its first task needs them."""
    process = worker_process(app)
    with suppress(Unavailable):
        process.sender.start()


@worker_process_shutdown.connect
@worker_shutdown.connect
def _end(**_kwargs: Any) -> None:
    close_process()
