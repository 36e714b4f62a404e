"""`escalator oncall`: who is on call for every team and on every schedule, now and next."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from escalator.commands.arguments import Misused, instant
from escalator.commands.policy_file import running_policy
from escalator.commands.stored_data import with_stored_data
from escalator.commands.text_columns import columns
from escalator.engine.oncall import OnCallStatus, on_call_statuses
from escalator.engine.roster import Roster
from escalator.model.policy import Policy
from escalator.rendering.iso_timestamps import stamp
from escalator.settings import environment

_HEADINGS = ("FOR", "NOW", "UNTIL", "NEXT")
_TIME = "%a %Y-%m-%d %H:%M"


@click.command("oncall")
@click.argument("name", required=False, metavar="[TEAM|SCHEDULE]")
@click.option(
    "--policy", type=click.Path(path_type=Path), help="The policy file; default: ESCALATOR_POLICY or escalation.yml."
)
@click.option("--at", metavar="TIME", help="When, such as 2026-01-05T18:00 (in the policy's time zone); default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.pass_context
def command(ctx: click.Context, name: str | None, policy: Path | None, at: str | None, *, as_json: bool) -> None:
    """Show who is on call for every team and on every schedule, until when, and who is next.

    Exits 1 if a team or schedule has nobody on call.
    """
    env = environment()
    running = running_policy(env, policy)
    now = instant("--at", at, running)
    running, calendars = with_stored_data(running, env, now)
    statuses = _named(name, on_call_statuses(Roster(running, now, calendars)))
    if as_json:
        click.echo(json.dumps(_document(statuses, now), indent=2, ensure_ascii=False))
    else:
        click.echo(_table(statuses, now, running))
    ctx.exit(0 if all(status.is_attended for status in statuses) else 1)


def _named(name: str | None, statuses: tuple[OnCallStatus, ...]) -> list[OnCallStatus]:
    """Return what is asked for: `x`, `team:x` or `schedule:x`; all without a name. Raises Misused for none of ours."""
    matching = [status for status in statuses if name in {None, status.key, f"{_kind(status)}:{status.key}"}]
    if name is not None and not matching:
        known = ", ".join(dict.fromkeys(status.key for status in statuses)) or "none"
        raise Misused(f"{name!r} is not a team or schedule of the policy; known: {known}")
    return matching


def _kind(status: OnCallStatus) -> str:
    return "team" if status.is_team else "schedule"


def _document(statuses: Iterable[OnCallStatus], now: datetime) -> dict[str, Any]:
    return {"at": stamp(now), "oncall": [_as_json(status) for status in statuses]}


def _as_json(status: OnCallStatus) -> dict[str, Any]:
    return {
        "kind": _kind(status),
        "key": status.key,
        "schedule": status.schedule,
        "attended": status.is_attended,
        "now": list(status.now),
        "until": stamp(status.until) if status.until else None,
        "next": list(status.next),
        "next_from": stamp(status.next_from) if status.next_from else None,
        "lead": status.lead,
    }


def _table(statuses: Iterable[OnCallStatus], now: datetime, policy: Policy) -> str:
    """Return what people read; times are in the policy's zone, and in that of who comes next where it differs."""
    rows = [_HEADINGS, *(_row(status, policy) for status in statuses)]
    head = f"On call at {now.astimezone(policy.timezone).strftime(_TIME)} ({policy.timezone.key})"
    return f"{head}\n\n{columns(rows)}"


def _row(status: OnCallStatus, policy: Policy) -> tuple[str, ...]:
    name = status.key if status.is_team else f"schedule:{status.key}"
    if status.schedule is None:
        return (name, f"everybody: {_names(status.now, policy)}", "", "")
    stands_in = f"; lead: {_names((status.lead,), policy)}" if status.lead else ""
    now = _names(status.now, policy) if status.is_attended else f"nobody{stands_in}"
    until = status.until.astimezone(policy.timezone).strftime(_TIME) if status.until else "no end planned"
    return (name, now, until, "".join(_next(status, policy)))


def _next(status: OnCallStatus, policy: Policy) -> Iterator[str]:
    if status.next_from is None:
        return
    yield _names(status.next, policy)
    local = status.next_from.astimezone(policy.timezone)
    if status.next_from != status.until:
        yield f" from {local.strftime(_TIME)}"
    for key in status.next:
        zone = policy.people[key].timezone
        theirs = status.next_from.astimezone(zone) if zone else local
        if zone and theirs.utcoffset() != local.utcoffset():
            yield f" ({theirs.strftime('%a %H:%M')} in {zone.key})"


def _names(keys: Iterable[str], policy: Policy) -> str:
    return ", ".join(policy.people[key].name if key in policy.people else key for key in keys) or "nobody"
