"""`escalator migrate`: migrate the database to the newest schema. Heroku runs it before each release."""

import click

from escalator.commands.folder import prepare_folder
from escalator.settings import from_environment
from escalator.store.migrate import migrate


@click.command("migrate")
def command() -> None:
    """Migrate the database to the newest schema. Safe to repeat, and to run twice at once."""
    settings = from_environment()
    prepare_folder(settings)
    migrate(settings.database_url)
    click.echo("The database schema is up to date.")
