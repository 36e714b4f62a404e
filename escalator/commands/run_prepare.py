"""The process of `run` that migrates the database, reads the policy into it, and prints the first page.

It runs while web is being imported, and its libraries are gone with it.
"""

import logging
import os

import click

from escalator.bootstrap import build, configure_logging
from escalator.commands import run_banner, shown_errors
from escalator.commands.run_preflight import Prepared, prepared
from escalator.model.levels import Mode
from escalator.services.auth import magic_links
from escalator.services.core.context import Core
from escalator.settings import raw_environment
from escalator.store import key_values
from escalator.store.migrate import migrate

FIRST_PRODUCTION = "first_production_start"


@click.command()
def main() -> None:
    """Prepare the database of `escalator run`, which has checked everything else."""
    os.umask(0o077)
    configure_logging(logging.WARNING)
    with shown_errors():
        prepared_run = prepared(raw_environment())
        migrate(prepared_run.settings.database_url)
        core = build(prepared_run.settings)
        core.policies.offer(core.database)  # so that the first webhook finds a policy; prepared, it has no problems
        real, link = _real(core, prepared_run), _first_link(core)
        for line in run_banner.start_page(prepared_run, prepared_run.settings.port, real, link):
            click.echo(line)


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


if __name__ == "__main__":
    main()
