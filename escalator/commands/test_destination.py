"""`escalator test-destination NAME`: send one destination or person a message that says it is a test."""

import click

from escalator.commands.open_core import Misused, open_core
from escalator.model.levels import Mode
from escalator.model.message import Delivered
from escalator.model.policy import Policy
from escalator.services.delivery.test_message import DestinationTestResult, send_test_message


@click.command("test-destination")
@click.argument("name")
@click.pass_context
def command(ctx: click.Context, name: str) -> None:
    """Send a marked test to NAME: a destination of the policy, `person:ana` or `team:policy`.

    It takes the way that a page takes, in the present mode. Exits 1 when it did not get through.
    """
    core = open_core()
    with core.database.reading() as connection:
        running = core.policies.required(connection)
    tried = send_test_message(core, name, running.policy)
    if not tried:
        raise Misused(f"{name}: is nothing that the policy tells; {_known(running.policy)}")
    for one in tried:
        click.echo(_line(one))
    ctx.exit(0 if all(isinstance(one.result, Delivered) for one in tried) else 1)


def _known(policy: Policy) -> str:
    return f"one of {', '.join(policy.destinations)}, or person:NAME, team:NAME"


def _line(one: DestinationTestResult) -> str:
    place = f"{one.recipient.destination} ({one.recipient.kind.value})"
    if isinstance(one.result, Delivered):
        where = "kept in the sandbox, nobody was told" if one.mode is Mode.SANDBOX else "got through"
        return f"{place}: {where}"
    detail = f" ({one.result.detail})" if one.result.detail else ""
    return f"{place}: failed: {one.result.reason.value}{detail}"
