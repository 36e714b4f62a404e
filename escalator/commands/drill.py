"""`escalator drill`: list the drills of the policy with their results, or start one now."""

from datetime import datetime

import click
from sqlalchemy import Connection

from escalator.commands.arguments import Misused
from escalator.commands.open_installation import open_core
from escalator.model.audit import Actor
from escalator.model.levels import Mode
from escalator.model.policy import Drill, Policy
from escalator.rendering.push_text import words
from escalator.schedules.weekly import next_due
from escalator.services.core.context import Core
from escalator.services.drills.run import start_drill
from escalator.store import drills
from escalator.store.drills import DrillState, PastDrill

_MOST = 5


@click.command("drill")
@click.argument("name", required=False)
@click.option("--yes", is_flag=True, help="Confirm in production: real people are notified.")
@click.pass_context
def command(ctx: click.Context, name: str | None, *, yes: bool) -> None:
    """List the policy's drills with their last results; or, with a NAME, start that one now.

    Exits 1 if the last run of any drill was not passed, or if the drill could not start.
    """
    core = open_core()
    with core.database.reading() as connection:
        running = core.policies.required(connection)
        if name is None:
            ctx.exit(_list(connection, running.policy, core.clock.now()))
    _start(core, _named(name, running.policy), running.policy, yes=yes)


def _list(connection: Connection, policy: Policy, now: datetime) -> int:
    if not policy.drills:
        click.echo("The policy has no drills.")
    is_passed = True
    for drill in policy.drills:
        coming = next_due(drill.weekday, drill.at, policy.timezone, now).astimezone(policy.timezone)
        click.echo(f"{drill.name}: route {drill.route}, next {coming:%a %Y-%m-%d %H:%M %Z}")
        runs = drills.newest(connection, drill.name, _MOST)
        for past in runs:
            click.echo(f"  {past.run.scheduled_at.astimezone(policy.timezone):%Y-%m-%d %H:%M}  {_outcome(past)}")
        ended = [past.run.state for past in runs if past.run.state is not DrillState.RUNNING]
        is_passed = is_passed and ended[:1] in ([], [DrillState.PASSED])
    return 0 if is_passed else 1


def _outcome(past: PastDrill) -> str:
    run = past.run
    incident = f" (#{past.number})" if past.number else ""
    if run.acknowledged_at is None or past.opened_at is None:
        return f"{run.state.value}{incident}"
    return f"{run.state.value} by {run.acknowledged_by} after {words(run.acknowledged_at - past.opened_at)}{incident}"


def _named(name: str, policy: Policy) -> Drill:
    by_name = {drill.name: drill for drill in policy.drills}
    if name not in by_name:
        raise Misused(f"{name!r} is not a drill of the policy; known: {', '.join(by_name) or 'none'}")
    return by_name[name]


def _start(core: Core, drill: Drill, policy: Policy, *, yes: bool) -> None:
    """Store the drill; the workers, which must be running, do the rest."""
    modes = {core.mode_of(source, policy) for source in policy.sources}
    if Mode.PRODUCTION in modes and not yes:
        raise Misused("this is production: a drill notifies real people; add --yes to confirm")
    if start_drill(core, drill, Actor("system", "cli"), "cli") is None:
        raise click.ClickException(f"{drill.name!r} is already running or could not start; see `escalator drill`")
    within = words(drill.expected_within)
    click.echo(f"Started: {drill.name}, route {drill.route}; acknowledge within {within}; see `escalator drill`")
