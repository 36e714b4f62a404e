"""`escalator unreadable`: list signed requests that are no events, or show one."""

from uuid import UUID

import click

from escalator.commands.arguments import Misused
from escalator.commands.open_installation import open_core
from escalator.commands.text_columns import columns
from escalator.rendering.iso_timestamps import stamp
from escalator.services.core.context import Core
from escalator.services.intake.unreadable_requests import ReadRefused, list_unreadable, read_body

VIA = "cli"
_HEADINGS = ("ID", "RECEIVED", "SOURCE", "BODY")


@click.command("unreadable")
@click.argument("event_id", metavar="[ID]", required=False, type=click.UUID)
@click.option("--by", metavar="PERSON", help="Who reads it, by their key in the policy: an admin. It is recorded.")
def command(event_id: UUID | None, by: str | None) -> None:
    """List signed requests that were not JSON or had no `type`, the newest first; with an ID, show the body of one."""
    core = open_core()
    if event_id is None:
        click.echo(_list(core))
        return
    if by is None:
        raise Misused("--by PERSON is required: who reads it, an admin of the policy")
    body = read_body(core, event_id, by, VIA)
    if isinstance(body, ReadRefused):
        raise click.ClickException(f"not shown: {body.message}")
    click.echo(body)


def _list(core: Core) -> str:
    requests = list_unreadable(core)
    rows = [
        (
            str(request.id),
            stamp(request.received_at),
            request.source,
            "kept" if request.sealed_body is not None else "deleted",
        )
        for request in requests
    ]
    return columns([_HEADINGS, *rows]) if rows else "No unreadable requests."
