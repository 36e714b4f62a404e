"""What the database knows of a policy's schedules, for commands that work without one too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from escalator.commands import one_line
from escalator.engine.overrides import with_overrides
from escalator.errors import ConfigurationError, Unavailable
from escalator.lazy_imports import LazyImport
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.model.schedule import Calendars, ManualOverride
from escalator.policy.placeholders import expand
from escalator.settings import chosen_mode, database_url

if TYPE_CHECKING:
    from escalator import store
    from escalator.commands import open_installation
    from escalator.store import calendars, overrides, schema
else:
    # Only a policy with schedules needs the database.
    store = LazyImport("escalator.store")
    open_installation = LazyImport("escalator.commands.open_installation")
    calendars = LazyImport("escalator.store.calendars")
    overrides = LazyImport("escalator.store.overrides")
    schema = LazyImport("escalator.store.schema")


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
        database = store.Database(database_url(env), pool_size=1)
        if not open_installation.is_there(database):
            return (), {}, "the database does not exist"
        if not schema.is_current(database):
            return (), {}, "the database has no schema or an old one"
        with database.reading() as connection:
            clicked = overrides.ending_after(connection, since, is_sandbox=chosen_mode(env) is Mode.SANDBOX)
            return clicked, calendars.bookings_of(connection, policy), "it has not been read yet"
    except (ConfigurationError, Unavailable) as error:
        return (), {}, f"the database cannot be reached: {one_line(error)}"
