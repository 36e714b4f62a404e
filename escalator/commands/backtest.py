"""`escalator backtest OLD NEW`: stored events through two policies, and who would have been notified differently."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from escalator.commands.arguments import Misused, duration, read
from escalator.commands.open_installation import open_core
from escalator.commands.policy_version import version
from escalator.engine.replay import ReplayResult
from escalator.errors import PolicyError
from escalator.model.policy import Policy
from escalator.policy.parse import load
from escalator.rendering.iso_timestamps import stamp
from escalator.rendering.push_text import words
from escalator.services.core.context import Core
from escalator.services.policies.backtest import FOLLOWED, Backtest, BacktestDifference, backtest

_MOST_SHOWN = 50
_NOTES = (
    f"Uses the acknowledgements that were really given; without one an incident is followed for {words(FOLLOWED)}.",
    "Hours and schedules are those of that time, calendars today's. Groups, silences and failures are not replayed.",
)


@click.command("backtest")
@click.argument("old")
@click.argument("new")
@click.option("--since", default="7d", show_default=True, help="How far back, such as 12h or 7d.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.pass_context
def command(ctx: click.Context, old: str, new: str, since: str, *, as_json: bool) -> None:
    """Show who would have been notified differently by NEW than by OLD, and how often each is notified.

    OLD and NEW are files, or the beginnings of the hashes of earlier versions. Nothing is stored or sent, and no
    content is shown. Exits 1 if there is a difference.
    """
    span = duration("--since", since, "12h or 7d")
    core = open_core()
    result = backtest(core, _policy(core, old), _policy(core, new), core.clock.now() - span)
    click.echo(json.dumps(_document(result), indent=2) if as_json else "\n".join(_lines(result)))
    ctx.exit(1 if result.differences else 0)


def _policy(core: Core, named: str) -> Policy:
    """Return the policy of a file, or of a version. Raises Misused when it is neither or not valid."""
    path = Path(named)
    try:
        if path.exists():
            return load(read(path), core.settings.environment, named)
        with core.database.reading() as connection:
            return core.policies.version(connection, version(connection, named).id)
    except PolicyError as error:
        raise Misused(f"{named} is not a valid policy: {error}") from error


def _lines(result: Backtest) -> Iterator[str]:
    yield f"{result.incidents} incidents since {result.since:%Y-%m-%d %H:%M} UTC. {' '.join(_NOTES)}"
    for reason, count in result.left_out.items():
        if count:
            yield f"Left out: {count} {reason}."
    if not result.differences:
        yield "No difference: everybody would have been notified the same."
        return
    yield f"\n{len(result.differences)} would have been treated differently:"
    for difference in result.differences[:_MOST_SHOWN]:
        yield from _difference(difference)
    if len(result.differences) > _MOST_SHOWN:
        yield f"  and {len(result.differences) - _MOST_SHOWN} more (--json has all of them)"
    yield "\nNotifications:"
    names = sorted({*result.old, *result.new}, key=lambda name: (-abs(result.new[name] - result.old[name]), name))
    width = max(map(len, names), default=0)
    for name in names:
        before, after = result.old[name], result.new[name]
        yield f"  {name:<{width}}  {before} -> {after} ({after - before:+d})"
    newly = [f"#{number}" for number in result.silent_after if number not in set(result.silent_before)]
    yield f"\nNotified nobody: {len(result.silent_before)} -> {len(result.silent_after)}"
    if newly:
        yield f"  newly: {', '.join(newly[:_MOST_SHOWN])}{' …' if len(newly) > _MOST_SHOWN else ''}"


def _difference(difference: BacktestDifference) -> Iterator[str]:
    yield (
        f"  #{difference.number}  {_headline(difference.old)} -> {_headline(difference.new)}"
        if _headline(difference.old) != _headline(difference.new)
        else (f"  #{difference.number}  {_headline(difference.new)}")
    )
    if difference.old.notified != difference.new.notified:
        yield f"      notified before: {_notified_words(difference.old)}"
        yield f"      notified after:  {_notified_words(difference.new)}"


def _headline(result: ReplayResult) -> str:
    return f"{result.severity.value} {result.category or 'uncategorised'} by {result.route or 'the default'}"


def _notified_words(result: ReplayResult) -> str:
    sends = groupby(result.notified, key=lambda notified: notified.after)
    phrases = (f"{', '.join(notified.to for notified in group)} ({words(after)})" for after, group in sends)
    return "; ".join(phrases) or "nobody"


def _document(result: Backtest) -> dict[str, Any]:
    return {
        "since": stamp(result.since),
        "until": stamp(result.until),
        "incidents": result.incidents,
        "differences": [
            {
                "number": difference.number,
                "old": _result_document(difference.old),
                "new": _result_document(difference.new),
            }
            for difference in result.differences
        ],
        "notifications": [
            {"to": name, "old": result.old[name], "new": result.new[name]}
            for name in sorted({*result.old, *result.new})
        ],
        "reached_nobody": {"old": result.silent_before, "new": result.silent_after},
        "left_out": dict(result.left_out),
    }


def _result_document(result: ReplayResult) -> dict[str, Any]:
    notified = [
        {"to": notification.to, "after_s": notification.after.total_seconds()} for notification in result.notified
    ]
    return {"category": result.category, "severity": result.severity.value, "route": result.route, "told": notified}
