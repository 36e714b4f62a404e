"""What commands read and open: a policy file, a database that is ready to be asked."""

import logging
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import click

from escalator.bootstrap import build, configure_logging
from escalator.clock import SystemClock
from escalator.errors import ConfigurationError, Unavailable
from escalator.model.policy import Policy
from escalator.model.rota import Calendars
from escalator.policy import load
from escalator.services.core import Core
from escalator.settings import Settings, from_environment, policy_file
from escalator.store import calendars
from escalator.store.migrate import is_current

DEMO = files("escalator.policy").joinpath("demo.yml")
"""The policy of an installation that has none: for the sandbox only."""

_POOL_SIZE = 2


class Misused(click.ClickException):
    """What was asked for cannot be meant; one line, and exit code 2."""

    exit_code = 2


def read(path: Path) -> bytes:
    """Return a file's bytes; raises Misused when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misused(f"{path}: {error.strerror or error}; name a file, or set ESCALATOR_POLICY") from error


def running_policy(env: Mapping[str, str], named: Path | None = None) -> Policy:
    """Return the policy of that file, else of the environment's, else the demo's, which `run` would use as well.

    Raises Misused for a file that cannot be read, and PolicyError for one with problems.
    """
    path = named or policy_file(env)
    if named is None and not env.get("ESCALATOR_POLICY") and not path.exists():
        return load(DEMO.read_bytes(), env, DEMO.name)
    return load(read(path), env, str(path))


def instant(said: str | None, policy: Policy) -> datetime:
    """Return the instant that `--at` names, now without one; raises Misused for what is no time."""
    if said is None:
        return SystemClock().now()
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise Misused(f"--at: {said!r} is no time; write it as 2026-01-05T18:00 or 2026-01-05T18:00:00Z") from error
    return at if at.tzinfo else at.replace(tzinfo=policy.timezone)


def known_calendars(policy: Policy) -> Calendars:
    """Return what the calendars of the policy's schedules say, from the database; where it cannot be asked, that
    nobody knows is said on stderr: the people whom the schedules name themselves are on call then.
    """
    if not any(schedule.ical for schedule in policy.schedules.values()):
        return {}
    try:
        core = open_core()
        with core.database.reading() as connection:
            return calendars.said(connection, policy)
    except (ConfigurationError, Unavailable) as error:
        why = " ".join(str(error).split())
        click.echo(f"The calendars are not known here ({why}): whom a schedule itself names counts instead.", err=True)
        return {}


def open_core() -> Core:
    """Return the parts of this process; raises ConfigurationError when the database is not there or not current."""
    configure_logging(logging.WARNING)
    core = build(from_environment(), pool_size=_POOL_SIZE)
    if not has_database(core) or not is_current(core.database):
        raise ConfigurationError("the database has no schema, or an old one; run `escalator migrate`")
    return core


def has_database(core: Core) -> bool:
    """Whether there is something to connect to: asking SQLite would make an empty file."""
    path = core.database.url.database
    return not core.database.is_sqlite or (path is not None and Path(path).exists())


def prepare_folder(settings: Settings) -> None:
    """Make the folder of the embedded database and broker; raises ConfigurationError when it cannot be made."""
    try:
        settings.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        right = "name a folder that can be written"
        raise ConfigurationError(f"ESCALATOR_VAR: cannot make {settings.var} ({error.strerror}); {right}") from error
