"""`escalator migrate`: the newest schema, whoever asks first. Heroku runs it before new code."""

import click

from escalator.commands.open_core import prepare_folder
from escalator.settings import from_environment
from escalator.store.migrate import migrate


@click.command("migrate")
def command() -> None:
    """Bring the database to the newest schema; safe to repeat, and to run twice at once."""
    settings = from_environment()
    prepare_folder(settings)
    migrate(settings.database_url)
    click.echo("The database has the newest schema.")
