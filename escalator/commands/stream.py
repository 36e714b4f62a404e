"""`escalator stream`: looks at the apps of the policy's sources at Stream, connects them, compares their queues."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from escalator.bootstrap import configure_logging
from escalator.channels.stream.action_config import MESSAGE
from escalator.commands.arguments import Misused, duration
from escalator.commands.findings import Finding, Status, finding_line
from escalator.commands.open_installation import open_core
from escalator.commands.policy_file import running_policy
from escalator.commands.stream_checks import check_source
from escalator.commands.stream_connect import Connection, connect_source, wanted_url
from escalator.commands.stream_install_action import Installation, install_action
from escalator.commands.stream_reconcile import print_results, reconcile_sources
from escalator.model.policy import Policy, Source
from escalator.stream.events import NAMED


@click.group("stream")
def command() -> None:
    """Look at the apps of your sources at Stream, and connect them."""


@command.command("status")
@click.option("--source", "name", help="Only this source of the policy; else all.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
@click.pass_context
def status(ctx: click.Context, *, name: str | None, as_json: bool) -> None:
    """Check key, secret, webhook, queue, preferences and rate limits. Nothing is changed. Exits 1 if one fails."""
    configure_logging(logging.CRITICAL)
    core = open_core()
    policy = running_policy(core.settings.environment)
    found = [line for source in _sources(policy, name) for line in check_source(core, policy, source)]
    _print(found, as_json=as_json)
    ctx.exit(1 if any(line.status is Status.FAIL for line in found) else 0)


@command.command("connect")
@click.option("--source", "name", help="Only this source of the policy; else all.")
@click.option("--url", help="Where Stream is to send events; else ESCALATOR_BASE_URL/webhooks/stream.")
@click.option("--types", help="Event types, separated by commas; else all that Escalator acts on.")
@click.option("--print", "is_only_shown", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--yes", "is_confirmed", is_flag=True, help="Do not ask before writing.")
@click.pass_context
def connect(ctx: click.Context, /, *, name: str | None, url: str | None, types: str | None, **flags: bool) -> None:
    """Let Stream send its events here: add or correct our webhook, and leave all others. Exits 1 if not done."""
    configure_logging(logging.CRITICAL)
    core = open_core()
    policy = running_policy(core.settings.environment)
    event_types = [part.strip() for part in types.split(",") if part.strip()] if types else list(NAMED)
    wanted = Connection(wanted_url(core, url), event_types, **flags)
    done = [connect_source(core, source, wanted) for source in _sources(policy, name)]
    ctx.exit(0 if all(done) else 1)


@command.command("install-action")
@click.option("--source", "name", help="Only this source of the policy; else all.")
@click.option(
    "--entity-type", "entity_types", multiple=True, default=[MESSAGE], help="For items of this type; may be repeated."
)
@click.option("--remove", "is_removal", is_flag=True, help="Take our button away, and nothing else.")
@click.option("--print", "is_only_shown", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--yes", "is_confirmed", is_flag=True, help="Do not ask before writing.")
@click.pass_context
def install(ctx: click.Context, /, *, name: str | None, entity_types: Sequence[str], **flags: bool) -> None:
    """Add a button "Page on-call" to Stream's dashboard. A route on `action: escalator_page` gets what it sends.

    Prints the buttons before and after. Exits 1 if something is not as wanted.
    """
    configure_logging(logging.CRITICAL)
    core = open_core()
    policy = running_policy(core.settings.environment)
    wanted = Installation(entity_types, **flags)
    done = [install_action(core, source, wanted) for source in _sources(policy, name)]
    ctx.exit(0 if all(done) else 1)


@command.command("reconcile")
@click.option("--source", "name", help="Only this source of the policy; else all.")
@click.option("--since", help="Read what changed within this time, such as 24h; else since the last run.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
@click.pass_context
def reconcile(ctx: click.Context, /, *, name: str | None, since: str | None, is_dry: bool, as_json: bool) -> None:
    """Compare Stream's queue with what came by webhook, now, and process what never came. Exits 1 if one fails."""
    configure_logging(logging.CRITICAL)
    core = open_core()
    policy = running_policy(core.settings.environment)
    back_to = duration("--since", since, "30m, 24h or 7d") if since else None
    results = reconcile_sources(core, policy, list(_sources(policy, name)), back_to, is_dry=is_dry)
    print_results(results, as_json=as_json, is_dry=is_dry)
    ctx.exit(1 if any("failed" in result for result in results) else 0)


def _sources(policy: Policy, name: str | None) -> Iterator[Source]:
    if name is not None and name not in policy.sources:
        raise Misused(f"--source: the policy has no source {name!r}; it has {', '.join(policy.sources)}")
    yield from (source for source in policy.sources.values() if name in {None, source.name})


def _print(found: Sequence[Finding], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(line) for line in found], indent=2, ensure_ascii=False))
    else:
        for line in found:
            click.echo(finding_line(line))
