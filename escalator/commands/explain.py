"""`escalator explain`: what an event would do, decided by the same engine that would do it."""

import json
import sys
from datetime import datetime
from pathlib import Path

import click

from escalator.commands.arguments import Misused, instant, read
from escalator.commands.explain_output import table
from escalator.commands.stored_data import with_stored_data
from escalator.engine.preview import preview
from escalator.engine.reviews import stream_ids_of_people
from escalator.errors import InvalidEvent, PolicyError
from escalator.model.facts import Observation
from escalator.model.policy import Policy
from escalator.policy.parse import parse
from escalator.policy.placeholders import with_stream_ids
from escalator.rendering.preview_json import document, why_nobody
from escalator.settings import environment, policy_file
from escalator.stream.read_event import observe

_EVENT = "name a file with the JSON body of a webhook, or - for standard input"
_STDIN = "-"


@click.command("explain")
@click.argument("event", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--policy", type=click.Path(path_type=Path), help="The policy file; default: ESCALATOR_POLICY or escalation.yml."
)
@click.option("--source", help="The source of the event; default: the first source of the policy.")
@click.option(
    "--at",
    metavar="TIME",
    help="When the event arrives, such as 2026-01-05T18:00 (in the policy's time zone); default: now.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(event: Path, policy: Path | None, source: str | None, at: str | None, *, as_json: bool) -> None:
    """Show who would be notified of an event, when and how, if nobody acknowledged.

    EVENT is a file with the JSON body of a webhook, or - for standard input. Nothing is stored or sent.
    """
    env = environment()
    path = policy or policy_file(env)
    parsed = parse(read(path), env)
    if parsed.policy is None:
        raise PolicyError(tuple(problem.as_line(str(path)) for problem in parsed.errors))
    now = instant("--at", at, parsed.policy)
    observation = _observed(event, now, stream_ids_of_people(with_stream_ids(parsed.policy, env)))
    name = _source(source, parsed.policy)
    current, calendars = with_stored_data(parsed.policy, env, now)
    result = preview(observation, name, current, now, calendars) if observation else None
    reason = why_nobody(result, observation)
    if reason:
        click.echo(reason, err=True)
    if as_json:
        click.echo(json.dumps(document(result, now), indent=2, ensure_ascii=False))
    elif result and result.incident:
        click.echo(table(result, now, parsed))


def _observed(event: Path, now: datetime, staff: frozenset[str]) -> Observation | None:
    try:
        return observe(sys.stdin.buffer.read() if str(event) == _STDIN else read(event, _EVENT), now, staff)
    except InvalidEvent as error:
        wrong = "; ".join(f"{field.strip('_')}: {' '.join(messages)}" for field, messages in error.errors.items())
        raise click.ClickException(f"{event} is not a Stream event: {wrong}") from error


def _source(named: str | None, policy: Policy) -> str:
    if named is not None and named not in policy.sources:
        raise Misused(
            f"--source: {named!r} is not a source of the policy; known: {', '.join(policy.sources) or 'none'}"
        )
    return named or next(iter(policy.sources), "")
