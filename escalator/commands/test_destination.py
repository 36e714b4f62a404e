"""`escalator test-destination NAME`: send one destination or person a message that says it is a test."""

import click

from escalator.commands.arguments import Misused
from escalator.commands.open_installation import open_core
from escalator.model.levels import Mode
from escalator.model.message import Delivered
from escalator.model.policy import Policy
from escalator.services.delivery.test_message import DestinationTestResult, send_test_message


@click.command("test-destination")
@click.argument("name")
@click.pass_context
def command(ctx: click.Context, name: str) -> None:
    """Send a test message, marked as one, to NAME: a destination of the policy, `person:ana` or `team:policy`.

    It is sent the way a real message is, in the current mode. Exits 1 if it was not delivered.
    """
    core = open_core()
    with core.database.reading() as connection:
        running = core.policies.required(connection)
    tried = send_test_message(core, name, running.policy)
    if not tried:
        raise Misused(f"{name}: is not a destination of the policy; {_known(running.policy)}")
    for result in tried:
        click.echo(_line(result))
    ctx.exit(0 if all(isinstance(result.result, Delivered) for result in tried) else 1)


def _known(policy: Policy) -> str:
    return f"one of {', '.join(policy.destinations)}, or person:NAME, team:NAME"


def _line(result: DestinationTestResult) -> str:
    place = f"{result.recipient.destination} ({result.recipient.kind.value})"
    if isinstance(result.result, Delivered):
        where = "kept in the sandbox, nothing was sent" if result.mode is Mode.SANDBOX else "delivered"
        return f"{place}: {where}"
    detail = f" ({result.result.detail})" if result.result.detail else ""
    return f"{place}: failed: {result.result.reason.value}{detail}"
