"""`escalator backtest OLD NEW`: stored events through two policies, and who would have been told differently."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from escalator.commands.open_installation import Misused, duration, open_core, read
from escalator.commands.policy_version import version
from escalator.engine.replay import ReplayResult
from escalator.errors import PolicyError
from escalator.model.policy import Policy
from escalator.policy import load
from escalator.rendering.push_text import words
from escalator.rendering.timestamps import stamp
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
    found = backtest(core, _policy(core, old), _policy(core, new), core.clock.now() - span)
    click.echo(json.dumps(_document(found), indent=2) if as_json else "\n".join(_lines(found)))
    ctx.exit(1 if found.differences else 0)


def _policy(core: Core, named: str) -> Policy:
    """Return the policy of a file, or of a version. Raises Misused for what is neither, or cannot be used."""
    path = Path(named)
    try:
        if path.exists():
            return load(read(path), core.settings.environment, named)
        with core.database.reading() as connection:
            return core.policies.version(connection, version(connection, named).id)
    except PolicyError as error:
        raise Misused(f"{named} is not a valid policy: {error}") from error


def _lines(found: Backtest) -> Iterator[str]:
    yield f"{found.incidents} incidents since {found.since:%Y-%m-%d %H:%M} UTC. {' '.join(_NOTES)}"
    for reason, count in found.left_out.items():
        if count:
            yield f"Left out: {count} {reason}."
    if not found.differences:
        yield "No difference: everybody would have been notified the same."
        return
    yield f"\n{len(found.differences)} would have been treated differently:"
    for one in found.differences[:_MOST_SHOWN]:
        yield from _difference(one)
    if len(found.differences) > _MOST_SHOWN:
        yield f"  and {len(found.differences) - _MOST_SHOWN} more (--json has all of them)"
    yield "\nNotifications:"
    names = sorted({*found.old, *found.new}, key=lambda name: (-abs(found.new[name] - found.old[name]), name))
    width = max(map(len, names), default=0)
    for name in names:
        before, after = found.old[name], found.new[name]
        yield f"  {name:<{width}}  {before} -> {after} ({after - before:+d})"
    newly = [f"#{number}" for number in found.silent_after if number not in set(found.silent_before)]
    yield f"\nNotified nobody: {len(found.silent_before)} -> {len(found.silent_after)}"
    if newly:
        yield f"  newly: {', '.join(newly[:_MOST_SHOWN])}{' …' if len(newly) > _MOST_SHOWN else ''}"


def _difference(one: BacktestDifference) -> Iterator[str]:
    yield (
        f"  #{one.number}  {_what(one.old)} -> {_what(one.new)}"
        if _what(one.old) != _what(one.new)
        else (f"  #{one.number}  {_what(one.new)}")
    )
    if one.old.told != one.new.told:
        yield f"      notified before: {_told(one.old)}"
        yield f"      notified after:  {_told(one.new)}"


def _what(fate: ReplayResult) -> str:
    return f"{fate.severity.value} {fate.category or 'uncategorised'} by {fate.route or 'the default'}"


def _told(fate: ReplayResult) -> str:
    sends = groupby(fate.told, key=lambda told: told.after)
    said = (f"{', '.join(told.to for told in group)} ({words(after)})" for after, group in sends)
    return "; ".join(said) or "nobody"


def _document(found: Backtest) -> dict[str, Any]:
    return {
        "since": stamp(found.since),
        "until": stamp(found.until),
        "incidents": found.incidents,
        "differences": [
            {"number": one.number, "old": _fate(one.old), "new": _fate(one.new)} for one in found.differences
        ],
        "notifications": [
            {"to": name, "old": found.old[name], "new": found.new[name]} for name in sorted({*found.old, *found.new})
        ],
        "reached_nobody": {"old": found.silent_before, "new": found.silent_after},
        "left_out": dict(found.left_out),
    }


def _fate(fate: ReplayResult) -> dict[str, Any]:
    told = [{"to": one.to, "after_s": one.after.total_seconds()} for one in fate.told]
    return {"category": fate.category, "severity": fate.severity.value, "route": fate.route, "told": told}
