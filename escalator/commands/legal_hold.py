"""`escalator hold`: keep the content of an incident from being deleted, or let it be deleted again."""

import click

from escalator.commands.open_installation import open_core
from escalator.services.incidents.legal_hold import HoldRefused, HoldRequest, change_hold

VIA = "cli"


@click.command("hold")
@click.argument("number", type=int)
@click.option(
    "--by", required=True, metavar="PERSON", help="Who sets or lifts it, by their key in the policy: an admin."
)
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why. Stored encrypted; do not quote content or name users."
)
@click.option("--lift", "is_lifted", is_flag=True, help="Lift the hold.")
def command(number: int, by: str, reason: str, *, is_lifted: bool) -> None:
    """Keep the content of an incident, whatever `retention.content` says, until the hold is lifted with --lift."""
    result = change_hold(open_core(), HoldRequest(number, not is_lifted, by, reason, VIA))
    if isinstance(result, HoldRefused):
        raise click.ClickException(f"nothing changed: {result.message}")
    click.echo(result)
