"""`escalator run`: everything on this machine, in one process group.

This process checks everything; then it becomes the supervisor, without its memory. The database is prepared by another
process (`run_prepare`) while web is being imported.
"""

import fcntl
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import IO

import click

from escalator.clock import Stopwatch, SystemClock
from escalator.commands.folder import prepare_folder
from escalator.commands.run_preflight import Prepared, free_port, plan, prepared
from escalator.errors import ConfigurationError
from escalator.settings import raw_environment

_LOCK_WAIT_S = 3.0
_LOCK_PAUSE = timedelta(milliseconds=100)
_SUPERVISOR = "escalator.commands.run_supervisor"


@click.command("run")
@click.option("--verbose", is_flag=True, help="Show all log lines, not only warnings.")
def command(*, verbose: bool) -> None:
    """Start everything on this machine: web, worker and, without REDIS_URL, the broker. Restart what stops.

    Web listens on PORT (8000) of HOST (127.0.0.1). Without a policy file a demo policy runs. Ctrl-C stops everything.
    """
    os.umask(0o077)
    prepared_run = prepared(raw_environment())
    _refuse(prepared_run)
    settings = prepared_run.settings
    prepare_folder(settings)
    lock = _locked(settings.var)
    port = free_port(settings.host, settings.port)
    _become_supervisor(lock, plan(prepared_run, port, is_verbose=verbose).to_json())


def _refuse(prepared_run: Prepared) -> None:
    for warning in prepared_run.warnings:
        click.echo(f"Warning: {warning}", err=True)
    for problem in prepared_run.problems:
        click.echo(problem, err=True)
    if prepared_run.problems:
        raise click.ClickException("nothing was started; correct the problems above")


def _locked(var: Path) -> IO[str]:
    """Return the lock of this instance; raises ConfigurationError when another one holds it.

    After a supervisor was killed, its parts may hold the lock for a moment.
    """
    file = (var / "run.lock").open("a+", encoding="utf-8")
    waited, clock = Stopwatch(), SystemClock()
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waited.seconds() > _LOCK_WAIT_S:
                break
            clock.wait_until(clock.now() + _LOCK_PAUSE)
        else:
            return file
    raise ConfigurationError(f"ESCALATOR_VAR: another `escalator run` uses {var.absolute()}; stop it, or name another")


def _become_supervisor(lock: IO[str], plan_json: str) -> None:
    """Write the plan into the lock file and replace this process by the supervisor, with nothing else in memory."""
    lock.truncate(0)
    lock.write(plan_json)
    lock.flush()
    os.set_inheritable(lock.fileno(), True)  # noqa: FBT003
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", _SUPERVISOR, str(lock.fileno())])  # noqa: S606
