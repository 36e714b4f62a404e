"""`escalator run`: everything on this machine, in one process group.

This process checks, migrates and prints what it found; then it becomes the supervisor, without its memory.
"""

import fcntl
import logging
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import IO

import click

from escalator.bootstrap import build, configure_logging
from escalator.clock import Stopwatch, SystemClock
from escalator.commands import run_banner
from escalator.commands.open_installation import prepare_folder
from escalator.commands.run_preflight import Prepared, free_port, plan, prepared
from escalator.errors import ConfigurationError
from escalator.model.levels import Mode
from escalator.services.auth import magic_links
from escalator.services.core.context import Core
from escalator.settings import base_url, raw_environment
from escalator.store import key_values
from escalator.store.migrate import migrate

FIRST_PRODUCTION = "first_production_start"
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
    configure_logging(logging.WARNING)
    prepared_run = prepared(raw_environment())
    _refuse(prepared_run)
    settings = prepared_run.settings
    prepare_folder(settings)
    lock = _locked(settings.var)
    port = free_port(settings.host, settings.port)
    migrate(settings.database_url)
    core = build(replace(settings, base_url=base_url({**settings.environment, "PORT": str(port)})))
    core.policies.offer(core.database)  # so that the first webhook finds a policy; prepared, it has no problems
    lines = run_banner.start_page(prepared_run, port, _real(core, prepared_run), _first_link(core))
    core.database.close()
    _become_supervisor(lock, plan(prepared_run, port, lines, is_verbose=verbose).to_json())


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


def _real(core: Core, prepared_run: Prepared) -> str:
    """Return who now gets real messages, on the first start in production; else an empty text."""
    if core.settings.mode is not Mode.PRODUCTION or prepared_run.policy is None:
        return ""
    with core.database.writing() as connection:
        if key_values.get(connection, FIRST_PRODUCTION) is not None:
            return ""
        now = core.clock.now()
        key_values.save(connection, FIRST_PRODUCTION, now.isoformat(), now)
    return run_banner.real(prepared_run.policy, core.expand)


def _first_link(core: Core) -> str:
    """Return a sign-in link for the first admin, while nobody has signed in and Slack sign-in is off."""
    if core.settings.mode is Mode.SANDBOX or core.settings.has_slack_sign_in or not magic_links.is_first(core):
        return ""
    with core.database.reading() as connection:
        admin = magic_links.first_admin(core.policies.required(connection).policy)
    return (
        magic_links.create_link(core, admin.key, magic_links.PRINTER, "cli", magic_links.PRINTED_GOOD_FOR)
        if admin
        else ""
    )


def _become_supervisor(lock: IO[str], plan_json: str) -> None:
    """Write the plan into the lock file and replace this process by the supervisor, with nothing else in memory."""
    lock.truncate(0)
    lock.write(plan_json)
    lock.flush()
    os.set_inheritable(lock.fileno(), True)  # noqa: FBT003
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", _SUPERVISOR, str(lock.fileno())])  # noqa: S606
