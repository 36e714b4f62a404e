"""`escalator doctor`: whether everything is reachable and configured, and who has no working contact."""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict

import click

from escalator.bootstrap import build, configure_logging
from escalator.commands import (
    doctor_calendars,
    doctor_checks,
    doctor_destinations,
    doctor_queues,
    doctor_sign_in,
    stream_checks,
)
from escalator.commands.arguments import Misused
from escalator.commands.findings import Finding, Status, finding_line
from escalator.commands.policy_file import running_policy
from escalator.errors import ConfigurationError, PolicyError
from escalator.services.core.context import Core
from escalator.settings import from_environment


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Check this installation. Every line is ok, warn or fail, with what to do. Exits 1 if something fails."""
    configure_logging(logging.CRITICAL)
    findings = list(_findings())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(finding_line(finding))
    ctx.exit(1 if any(finding.status is Status.FAIL for finding in findings) else 0)


def _findings() -> Iterator[Finding]:
    try:
        core = build(from_environment())
    except ConfigurationError as error:
        yield from (Finding("environment", Status.FAIL, problem) for problem in error.problems)
        return
    yield from _of(core)


def _of(core: Core) -> Iterator[Finding]:
    yield from doctor_checks.policy(core)
    yield doctor_checks.broker(core.settings)
    yield from doctor_checks.slack(core)
    yield from _vendors(core)
    yield from doctor_checks.database(core)
    yield from doctor_calendars.schedules(core)


def _vendors(core: Core) -> Iterator[Finding]:
    """Check the vendors of the policy file; a file with problems is reported elsewhere."""
    try:
        policy = running_policy(core.settings.environment)
    except (PolicyError, Misused):
        return
    yield from doctor_destinations.destinations(core, policy)
    yield from doctor_destinations.pagerduty_answers(core, policy)
    yield from doctor_sign_in.sign_in(core, policy)
    yield from stream_checks.sources(core, policy)
    yield from doctor_queues.queues(core, policy)
