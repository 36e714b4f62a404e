"""`escalator incidents`: the list, and the story of one."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import click
from sqlalchemy import Connection, Row

from escalator.commands.open_installation import open_core
from escalator.commands.text_columns import columns
from escalator.engine.silences import is_silenced
from escalator.model.incident import Incident, State
from escalator.model.policy import Policy
from escalator.rendering.push_text import words
from escalator.rendering.timeline import record_words
from escalator.rendering.timestamps import stamp
from escalator.rendering.view import headline
from escalator.services.core.context import Core
from escalator.services.notifications.compose import incident_numbers
from escalator.store import audit_log, incident_search, incidents

_HEADINGS = ("NUMBER", "STATE", "WHAT", "SOURCE", "OWNER", "OPENED", "NEXT")


@click.command("incidents")
@click.argument("number", required=False, type=int)
@click.option("--state", "states", multiple=True, type=click.Choice([state.value for state in State]))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def command(number: int | None, states: tuple[str, ...], limit: int, *, as_json: bool) -> None:
    """List incidents, newest first; or, with a NUMBER, show the timeline of one. Content is never shown."""
    core = open_core()
    with core.database.reading() as connection:
        if number is None:
            click.echo(_list(core, connection, [State(state) for state in states], limit, as_json=as_json))
        else:
            click.echo(_story(core, connection, number, as_json=as_json))


def _list(core: Core, connection: Connection, states: list[State], limit: int, *, as_json: bool) -> str:
    ids = incident_search.newest_ids(connection, states, limit)
    read = incidents.read(connection, ids, core.seal)
    found = [read[one] for one in ids if one in read]
    if as_json:
        return json.dumps([_document(one) for one in found], indent=2, ensure_ascii=False)
    if not found:
        return "No incidents."
    policies = _policies(core, connection, {one.policy_version for one in found})
    groups = incident_numbers(connection, [one.group_id for one in found])
    rows = [_HEADINGS, *(_row(one, policies[one.policy_version], groups, core.clock.now()) for one in found)]
    return columns(rows)


def _policies(core: Core, connection: Connection, versions: Iterable[UUID]) -> dict[UUID, Policy]:
    return {version: core.policies.version(connection, version) for version in versions}


def _row(one: Incident, policy: Policy, groups: Mapping[UUID, int], now: datetime) -> tuple[str, ...]:
    due = f"{one.due_kind} {_distance(one.due_at, now)}" if one.due_kind and one.due_at else ""
    opened = f"{words(now - one.opened_at)} ago"
    return (
        f"#{one.number}",
        _stands(one, groups),
        _what(one, policy),
        one.source,
        _owner(one, policy),
        opened,
        due.replace("_", " "),
    )


def _stands(one: Incident, groups: Mapping[UUID, int]) -> str:
    """Return the state; of one of many who tells of it, of a group how many it tells of; and whether it is silenced."""
    if one.state is State.GROUPED and one.group_id is not None and one.group_id in groups:
        return f"{one.state.value}, in group #{groups[one.group_id]}"
    stands = f"{one.state.value}, {one.member_count} alerts" if one.member_count else one.state.value
    return f"{stands}, silenced" if is_silenced(one) else stands


def _owner(one: Incident, policy: Policy) -> str:
    person = policy.people.get(one.owner or "")
    return person.name if person else one.owner or ""


def _distance(at: datetime, now: datetime) -> str:
    return f"in {words(at - now)}" if at >= now else f"{words(now - at)} late"


def _what(one: Incident, policy: Policy) -> str:
    return headline(one, policy.categories.get(one.category or ""))


def _document(one: Incident) -> dict[str, Any]:
    plain = {
        name: getattr(one, name)
        for name in (
            "number",
            "source",
            "category",
            "route",
            "path",
            "assign",
            "round",
            "step",
            "owner",
            "closed_by",
            "drill",
        )
    } | {"group_id": str(one.group_id) if one.group_id else None, "members": one.member_count}
    ranked = {name: getattr(one, name) for name in ("state", "mode", "severity", "due_kind", "outcome")}
    instants = ("opened_at", "acknowledged_at", "due_at", "closed_at")
    return {
        "id": str(one.id),
        **plain,
        "is_silenced": is_silenced(one),
        **{name: value.value if value is not None else None for name, value in ranked.items()},
        **{name: stamp(at) if (at := getattr(one, name)) else None for name in instants},
    }


def _story(core: Core, connection: Connection, number: int, *, as_json: bool) -> str:
    incident_id = incidents.id_by_number(connection, number)
    if incident_id is None:
        raise click.ClickException(f"there is no incident #{number}; `escalator incidents` lists them")
    one = incidents.read(connection, [incident_id], core.seal)[incident_id]
    policy = core.policies.version(connection, one.policy_version)
    lines = [_told(record, policy) for record in audit_log.of_incident(connection, incident_id)]
    if as_json:
        return json.dumps({**_document(one), "timeline": lines}, indent=2, ensure_ascii=False)
    owner = f", owner {_owner(one, policy)}" if one.owner else ""
    told_lines = (f"  {line['at'][:19].replace('T', ' ')}  {line['text']}{_by(line)}" for line in lines)
    stands = _stands(one, incident_numbers(connection, [one.group_id]))
    return "\n".join([f"#{number} {_what(one, policy)} · {stands}{owner} (times in UTC)", *told_lines])


def _told(record: Row[Any], policy: Policy) -> dict[str, Any]:
    after = json.loads(record.after)
    return {
        "at": stamp(record.recorded_at),
        "action": record.action,
        "actor": {"kind": record.actor_kind, "key": record.actor_key},
        "via": record.via,
        "reason": record.reason,
        "text": record_words(record.action, record.actor_key, record.reason, after, policy),
    }


def _by(line: dict[str, Any]) -> str:
    return f" ({line['via']})" if line["actor"]["kind"] in {"person", "stranger"} else ""
