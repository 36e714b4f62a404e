"""`escalator silence`: begin a silence, end one early, or list the silences."""

import json
from typing import Any

import click

from escalator.commands.arguments import Misused, duration
from escalator.commands.open_installation import open_core
from escalator.commands.text_columns import columns
from escalator.model.policy import Policy
from escalator.model.silence import Silence
from escalator.rendering.iso_timestamps import stamp
from escalator.rendering.push_text import words
from escalator.rendering.silences import subject
from escalator.rendering.view import display_name
from escalator.services.core.context import Core
from escalator.services.silences.manage import (
    SilenceProblem,
    SilenceRefused,
    SilenceRequest,
    SilenceRow,
    create_silence,
    end_silence,
    list_silences,
)

VIA = "cli"
_HEADINGS = ("ID", "WHAT", "BY", "UNTIL", "WHY")


@click.command("silence")
@click.argument("named", metavar="[CATEGORY_OR_ROUTE]", required=False)
@click.option("--for", "lasts", metavar="2h", help="How long: at most 24h, or 8h with --critical.")
@click.option("--reason", metavar="TEXT", help="Why. Shown to people and stored encrypted, never in the audit log.")
@click.option("--by", metavar="PERSON", help="Who silences, by their key in the policy: a senior or an admin.")
@click.option("--critical", "is_for_critical", is_flag=True, help="Include critical incidents; this is announced.")
@click.option("--end", "ending", metavar="ID", help="End the silence with this id now.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(  # noqa: PLR0913  # one for each option
    named: str | None,
    lasts: str | None,
    reason: str | None,
    by: str | None,
    ending: str | None,
    *,
    is_for_critical: bool,
    as_json: bool,
) -> None:
    """Silence a category or a route of the policy; without an argument, list the silences.

    While it lasts, one step of each incident is not sent. The step after it is sent. When the silence ends, what it
    held back is sent.
    """
    core = open_core()
    if ending is not None:
        if named is not None or by is None:
            raise Misused("--end requires the id of a silence and --by, without a category or route")
        ended = _require_done(end_silence(core, ending, by, VIA))
        click.echo(f"Ended: {_about(core, ended)}. Notifications that it held back are sent now.")
    elif named is not None:
        if lasts is None or reason is None or by is None:
            raise Misused(f"silence {named}: --for, --reason and --by are required")
        started = _require_done(
            create_silence(
                core, SilenceRequest(named, duration("--for", lasts, "30m or 2h"), reason, by, VIA, is_for_critical)
            )
        )
        click.echo(f"Silenced: {_about(core, started)} for {words(started.ends_at - started.starts_at)}.")
    else:
        click.echo(_list(core, as_json=as_json))


def _require_done(result: Silence | SilenceRefused) -> Silence:
    """Return the silence; raises with exit code 1 for a missing permission, else 2."""
    if isinstance(result, Silence):
        return result
    if result.problem is SilenceProblem.ROLE:
        raise click.ClickException(result.message)
    raise Misused(result.message)


def _about(core: Core, silence: Silence) -> str:
    with core.database.reading() as connection:
        running = core.policies.running(connection)
    return _subject_words(silence, running.policy) if running else silence.name


def _subject_words(silence: Silence, policy: Policy) -> str:
    return subject(silence, policy) + (" (including critical)" if silence.is_for_critical else "")


def _list(core: Core, *, as_json: bool) -> str:
    with core.database.reading() as connection:
        running = core.policies.required(connection)
        rows = list_silences(core, connection, running)
    if as_json:
        return json.dumps([_document(row) for row in rows], indent=2, ensure_ascii=False)
    if not rows:
        return "No silences."
    return columns([_HEADINGS, *(_row(row, running.policy) for row in rows)])


def _row(row: SilenceRow, policy: Policy) -> tuple[str, ...]:
    silence = row.silence
    span = [at.astimezone(policy.timezone).strftime("%a %d %b %H:%M") for at in (silence.starts_at, silence.ends_at)]
    until = span[1] if row.is_in_force else f"{span[0]} to {span[1]}"
    return (
        row.handle or "file",
        _subject_words(silence, policy),
        display_name(silence.author, policy),
        until,
        silence.reason,
    )


def _document(row: SilenceRow) -> dict[str, Any]:
    silence = row.silence
    return {
        "id": row.handle or None,
        silence.of.value: silence.name,
        "by": silence.author,
        "from": stamp(silence.starts_at),
        "to": stamp(silence.ends_at),
        "critical": silence.is_for_critical,
        "in_force": row.is_in_force,
        "reason": silence.reason,
    }
