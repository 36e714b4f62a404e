"""Open what commands need: a policy file, a database that is ready."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import click
from marshmallow import ValidationError

from escalator.bootstrap import build, configure_logging
from escalator.clock import SystemClock
from escalator.commands import one_line
from escalator.engine.overrides import with_overrides
from escalator.errors import ConfigurationError, Unavailable
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.model.schedule import Calendars, ManualOverride
from escalator.policy import expand, load
from escalator.policy.time_scalars import Duration
from escalator.schedules.local_time import first_instant
from escalator.services.core.context import Core
from escalator.settings import Settings, chosen_mode, database_url, from_environment, policy_file
from escalator.store import Database, calendars, overrides
from escalator.store.schema import is_current

DEMO = files("escalator.policy").joinpath("demo.yml")
"""The policy of an installation that has none: for the sandbox only."""

_POOL_SIZE = 2


class Misused(click.ClickException):
    """An invalid argument; one line, and exit code 2."""

    exit_code = 2


def read(path: Path, remedy: str = "name a policy file, or set ESCALATOR_POLICY") -> bytes:
    """Return a file's bytes; raises Misused, with the remedy, when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misused(f"{path}: {error.strerror or error}; {remedy}") from error


def running_policy(env: Mapping[str, str], named: Path | None = None) -> Policy:
    """Return the policy of that file, else of ESCALATOR_POLICY, else the demo's, as `run` does.

    Raises Misused for a file that cannot be read, and PolicyError for one with problems.
    """
    path = named or policy_file(env)
    if named is None and not env.get("ESCALATOR_POLICY") and not path.exists():
        return load(DEMO.read_bytes(), env, DEMO.name)
    return load(read(path), env, str(path))


def instant(option: str, text: str | None, policy: Policy) -> datetime:
    """Return the time in an option, in the policy's zone unless it has its own, or now; raises Misused."""
    if text is None:
        return SystemClock().now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        right = "write it as 2026-01-05T18:00 or 2026-01-05T18:00:00Z"
        raise Misused(f"{option}: {text!r} is not a valid time; {right}") from error
    return at if at.tzinfo else first_instant(at, policy.timezone)


def duration(option: str, text: str, examples: str) -> timedelta:
    """Return the duration in an option, written as in a policy; raises Misused."""
    try:
        return Duration().read(text, option)
    except ValidationError as error:
        raise Misused(f"{option}: {text!r} is not a valid duration; write {examples}") from error


def with_stored_data(policy: Policy, env: Mapping[str, str], since: datetime) -> tuple[Policy, Calendars]:
    """Return a policy with manual overrides, and the calendars of its schedules, both from the database.

    For unknown calendars, or without a database, a line on stderr says what is used instead.
    """
    if not policy.schedules:
        return policy, {}
    clicked, known, why = _known(policy, env, since)
    read_from = {key for key, schedule in policy.schedules.items() if schedule.ical and expand(schedule.ical, env)}
    missing = sorted(read_from - set(known))
    if missing:
        message = f"{', '.join(missing)}: no calendar is known ({why}), so layers, overrides and `people` are used"
        click.echo(message, err=True)
    return with_overrides(policy, clicked), known


def _known(policy: Policy, env: Mapping[str, str], since: datetime) -> tuple[Sequence[ManualOverride], Calendars, str]:
    """Return the known overrides and calendars, and why others are not known."""
    try:
        database = Database(database_url(env), pool_size=1)
        if not _is_there(database):
            return (), {}, "the database does not exist"
        if not is_current(database):
            return (), {}, "the database has no schema or an old one"
        with database.reading() as connection:
            clicked = overrides.ending_after(connection, since, is_sandbox=chosen_mode(env) is Mode.SANDBOX)
            return clicked, calendars.bookings_of(connection, policy), "it has not been read yet"
    except (ConfigurationError, Unavailable) as error:
        return (), {}, f"the database cannot be reached: {one_line(error)}"


def open_core() -> Core:
    """Return the parts of this process; raises ConfigurationError when the database is missing or not current."""
    configure_logging(logging.WARNING)
    core = build(from_environment(), pool_size=_POOL_SIZE)
    if not has_database(core) or not is_current(core.database):
        raise ConfigurationError("the database has no schema or an old one; run `escalator migrate`")
    return core


def has_database(core: Core) -> bool:
    """Whether there is a database: connecting to SQLite would create an empty file."""
    return _is_there(core.database)


def _is_there(database: Database) -> bool:
    path = database.url.database
    return not database.is_sqlite or (path is not None and Path(path).exists())


def prepare_folder(settings: Settings) -> None:
    """Create the folder of the embedded database and broker; raises ConfigurationError on failure."""
    try:
        settings.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        right = "name a writable folder"
        raise ConfigurationError(f"ESCALATOR_VAR: cannot make {settings.var} ({error.strerror}); {right}") from error
