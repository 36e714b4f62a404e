"""`escalator coverage`: who would be notified, by which channel and how soon, in every minute of the coming weeks."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import click

from escalator.commands.arguments import Misused, duration, instant, read
from escalator.commands.coverage_json import document
from escalator.commands.coverage_output import table
from escalator.commands.stored_data import with_stored_data
from escalator.engine.coverage.compute import compute_coverage
from escalator.engine.coverage.values import GRAVE_FOR_COVERAGE, Coverage
from escalator.model.policy import Policy
from escalator.plots.heatmap import coverage_heatmap
from escalator.policy.parse import load
from escalator.settings import environment, policy_file

_MOST_WEEKS = 26


@click.command("coverage")
@click.argument("policy", required=False, type=click.Path(path_type=Path))
@click.option(
    "--from", "since", metavar="DATE", help="First day, such as 2026-01-05 (in the policy's time zone); default: now."
)
@click.option("--weeks", default=4, show_default=True, type=click.IntRange(1, _MOST_WEEKS), help="How many weeks.")
@click.option("--within", default="30m", show_default=True, help="Within how long somebody must be notified.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--svg", type=click.Path(path_type=Path), help="Also write a heat map of the week to this file.")
@click.option("--strict", is_flag=True, help="Treat single points of failure as problems.")
@click.pass_context
def command(  # noqa: PLR0913  # one for each option
    ctx: click.Context,
    policy: Path | None,
    since: str | None,
    weeks: int,
    within: str,
    *,
    as_json: bool,
    svg: Path | None,
    strict: bool,
) -> None:
    """Check that somebody is always notified: for every category, severity and minute, who is first and how soon.

    POLICY defaults to ESCALATOR_POLICY or escalation.yml. Exits 1 if a high or critical alert would notify nobody in
    time, else 0.
    """
    env = environment()
    path = policy or policy_file(env)
    parsed = load(read(path), env, str(path))
    start = instant("--from", since, parsed)
    parsed, calendars = with_stored_data(parsed, env, start)
    end = _weeks_later(start, weeks, parsed)
    coverage = compute_coverage(parsed, start, end, duration("--within", within, "30m or 2h"), calendars)
    if svg is not None:
        _write(svg, coverage_heatmap(coverage, parsed))
    if as_json:
        click.echo(json.dumps(document(coverage), indent=2, ensure_ascii=False))
    else:
        click.echo(table(coverage, parsed))
    ctx.exit(1 if _is_at_fault(coverage, strict=strict) else 0)


def _is_at_fault(coverage: Coverage, *, strict: bool) -> bool:
    rows = [*(hole.row for hole in coverage.holes), *(single.row for single in coverage.singles if strict)]
    return any(row.severity in GRAVE_FOR_COVERAGE for row in rows)


def _weeks_later(start: datetime, weeks: int, policy: Policy) -> datetime:
    """Return the same local time `weeks` later."""
    return start.astimezone(policy.timezone) + timedelta(weeks=weeks)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misused(f"--svg: {path}: {error.strerror or error}") from error
