"""`escalator oncall`: who is on call for every team and on every schedule, now and next."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from escalator.commands.open_installation import Misused, as_it_stands, instant, running_policy
from escalator.commands.text_columns import columns
from escalator.engine.oncall import OnCallStatus, on_call_statuses
from escalator.engine.roster import Roster
from escalator.model.policy import Policy
from escalator.rendering.timestamps import stamp
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
    running, calendars = as_it_stands(running, env, now)
    found = _named(name, on_call_statuses(Roster(running, now, calendars)))
    if as_json:
        click.echo(json.dumps(_document(found, now), indent=2, ensure_ascii=False))
    else:
        click.echo(_table(found, now, running))
    ctx.exit(0 if all(duty.is_attended for duty in found) else 1)


def _named(name: str | None, found: tuple[OnCallStatus, ...]) -> list[OnCallStatus]:
    """Return what is asked for: `x`, `team:x` or `schedule:x`; all without a name. Raises Misused for none of ours."""
    wanted = [duty for duty in found if name in {None, duty.key, f"{_kind(duty)}:{duty.key}"}]
    if name is not None and not wanted:
        known = ", ".join(dict.fromkeys(duty.key for duty in found)) or "none"
        raise Misused(f"{name!r} is not a team or schedule of the policy; known: {known}")
    return wanted


def _kind(duty: OnCallStatus) -> str:
    return "team" if duty.is_team else "schedule"


def _document(found: Iterable[OnCallStatus], now: datetime) -> dict[str, Any]:
    return {"at": stamp(now), "oncall": [_as_json(duty) for duty in found]}


def _as_json(duty: OnCallStatus) -> dict[str, Any]:
    return {
        "kind": _kind(duty),
        "key": duty.key,
        "schedule": duty.schedule,
        "attended": duty.is_attended,
        "now": list(duty.now),
        "until": stamp(duty.until) if duty.until else None,
        "next": list(duty.next),
        "next_from": stamp(duty.next_from) if duty.next_from else None,
        "lead": duty.lead,
    }


def _table(found: Iterable[OnCallStatus], now: datetime, policy: Policy) -> str:
    """Return what people read; times are in the policy's zone, and in that of who comes next where it differs."""
    rows = [_HEADINGS, *(_row(duty, policy) for duty in found)]
    head = f"On call at {now.astimezone(policy.timezone).strftime(_TIME)} ({policy.timezone.key})"
    return f"{head}\n\n{columns(rows)}"


def _row(duty: OnCallStatus, policy: Policy) -> tuple[str, ...]:
    name = duty.key if duty.is_team else f"schedule:{duty.key}"
    if duty.schedule is None:
        return (name, f"everybody: {_names(duty.now, policy)}", "", "")
    stands_in = f"; lead: {_names((duty.lead,), policy)}" if duty.lead else ""
    now = _names(duty.now, policy) if duty.is_attended else f"nobody{stands_in}"
    until = duty.until.astimezone(policy.timezone).strftime(_TIME) if duty.until else "no end planned"
    return (name, now, until, "".join(_next(duty, policy)))


def _next(duty: OnCallStatus, policy: Policy) -> Iterator[str]:
    if duty.next_from is None:
        return
    yield _names(duty.next, policy)
    local = duty.next_from.astimezone(policy.timezone)
    if duty.next_from != duty.until:
        yield f" from {local.strftime(_TIME)}"
    for key in duty.next:
        zone = policy.people[key].timezone
        theirs = duty.next_from.astimezone(zone) if zone else local
        if zone and theirs.utcoffset() != local.utcoffset():
            yield f" ({theirs.strftime('%a %H:%M')} in {zone.key})"


def _names(keys: Iterable[str], policy: Policy) -> str:
    return ", ".join(policy.people[key].name if key in policy.people else key for key in keys) or "nobody"
