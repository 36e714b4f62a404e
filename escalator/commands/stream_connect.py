"""`escalator stream connect`: puts our webhook among the event hooks of an app, and leaves all others as they are."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from escalator.channels.stream.app import App, read_app
from escalator.channels.stream.client import StreamClient
from escalator.channels.stream.hooks import HookPlan, HookRefusal, plan_hooks, write_hooks
from escalator.commands.stream_hook_checks import PATH
from escalator.model.message import Failed
from escalator.model.policy import Source
from escalator.rendering.probe_failures import probe_words
from escalator.services.core.context import Core
from escalator.services.stream.clients import client_of


@dataclass(frozen=True, slots=True)
class Connection:
    """What is wanted: these event types at this address."""

    url: str
    event_types: Sequence[str]
    is_only_shown: bool
    is_confirmed: bool


def wanted_url(core: Core, given: str | None) -> str:
    """Return the address that Stream is to call; raises click.UsageError for one that Stream does not call."""
    url = given or f"{core.settings.base_url}{PATH}"
    if not url.startswith("https://"):
        remedy = "set ESCALATOR_BASE_URL to the https:// address of this installation, or name it with --url"
        raise click.UsageError(f"Stream would be told to call {url}; {remedy}")
    return url.rstrip("/")


def connect_source(core: Core, source: Source, wanted: Connection) -> bool:
    """Show what would change, ask, write, and look whether all is as it should be. Return whether it is."""
    client = client_of(core, source)
    app = read_app(client)
    if isinstance(app, Failed):
        click.echo(f"{source.name}: {probe_words(app)}")
        return False
    plan = plan_hooks(app, wanted.url, wanted.event_types)
    if isinstance(plan, HookRefusal):
        click.echo(f"{source.name}: not changed: {plan.why}. Do it by hand:")
        _print_lines(_steps(wanted))
        return False
    if not plan.differences:
        click.echo(f"{source.name}: the webhook to {wanted.url} is as it should be")
        return True
    click.echo(f"{source.name}: the webhook to {wanted.url}:")
    _print_lines(f"  {difference}" for difference in plan.differences)
    if wanted.is_only_shown:
        click.echo(json.dumps({"event_hooks": plan.hooks}, indent=2, ensure_ascii=False))
        return True
    others = len(plan.hooks) - 1
    if not wanted.is_confirmed and not click.confirm(f"Change it? {others} other hooks stay as they are"):
        return False
    return _write(source, client, plan, app, wanted.url)


def _write(source: Source, client: StreamClient, plan: HookPlan, before: App, url: str) -> bool:
    unexpected = write_hooks(client, plan, before, url)
    if isinstance(unexpected, Failed):
        click.echo(
            f"{source.name}: {probe_words(unexpected)}. Whether it was changed is not known: ask again", err=True
        )
        return False
    if not unexpected:
        click.echo(f"{source.name}: done, and the other hooks are as they were")
        return True
    click.echo(f"{source.name}: NOT AS PLANNED: {'; '.join(unexpected)}", err=True)
    click.echo("Look at the event hooks in Stream's dashboard now. Before, they were:", err=True)
    click.echo(json.dumps(list(before.raw_hooks), indent=2, ensure_ascii=False), err=True)
    return False


def _steps(wanted: Connection) -> Iterator[str]:
    yield "  1. Open the app in Stream's dashboard, then Event Hooks (or Webhooks)."
    yield f"  2. Add a hook of type webhook, product all, with the URL {wanted.url}"
    yield f"  3. Choose these event types: {', '.join(sorted(wanted.event_types))}"
    yield "  4. Save, then run `escalator stream status`."


def _print_lines(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)
