"""`escalator incidents`: the list, and the timeline of one."""

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
from escalator.rendering.iso_timestamps import stamp
from escalator.rendering.push_text import words
from escalator.rendering.timeline import record_words
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
    listed = [read[incident_id] for incident_id in ids if incident_id in read]
    if as_json:
        return json.dumps([_document(incident) for incident in listed], indent=2, ensure_ascii=False)
    if not listed:
        return "No incidents."
    policies = _policies(core, connection, {incident.policy_version for incident in listed})
    groups = incident_numbers(connection, [incident.group_id for incident in listed])
    rows = [
        _HEADINGS,
        *(_row(incident, policies[incident.policy_version], groups, core.clock.now()) for incident in listed),
    ]
    return columns(rows)


def _policies(core: Core, connection: Connection, versions: Iterable[UUID]) -> dict[UUID, Policy]:
    return {version: core.policies.version(connection, version) for version in versions}


def _row(incident: Incident, policy: Policy, groups: Mapping[UUID, int], now: datetime) -> tuple[str, ...]:
    due = f"{incident.due_kind} {_distance(incident.due_at, now)}" if incident.due_kind and incident.due_at else ""
    opened = f"{words(now - incident.opened_at)} ago"
    return (
        f"#{incident.number}",
        _state(incident, groups),
        _headline(incident, policy),
        incident.source,
        _owner(incident, policy),
        opened,
        due.replace("_", " "),
    )


def _state(incident: Incident, groups: Mapping[UUID, int]) -> str:
    """Return the state; with a member's group, a group's number of alerts, and whether it is silenced."""
    if incident.state is State.GROUPED and incident.group_id is not None and incident.group_id in groups:
        return f"{incident.state.value}, in group #{groups[incident.group_id]}"
    state = f"{incident.state.value}, {incident.member_count} alerts" if incident.member_count else incident.state.value
    return f"{state}, silenced" if is_silenced(incident) else state


def _owner(incident: Incident, policy: Policy) -> str:
    person = policy.people.get(incident.owner or "")
    return person.name if person else incident.owner or ""


def _distance(at: datetime, now: datetime) -> str:
    return f"in {words(at - now)}" if at >= now else f"{words(now - at)} late"


def _headline(incident: Incident, policy: Policy) -> str:
    return headline(incident, policy.categories.get(incident.category or ""))


def _document(incident: Incident) -> dict[str, Any]:
    plain = {
        name: getattr(incident, name)
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
    } | {"group_id": str(incident.group_id) if incident.group_id else None, "members": incident.member_count}
    ranked = {name: getattr(incident, name) for name in ("state", "mode", "severity", "due_kind", "outcome")}
    instants = ("opened_at", "acknowledged_at", "due_at", "closed_at")
    return {
        "id": str(incident.id),
        **plain,
        "is_silenced": is_silenced(incident),
        **{name: value.value if value is not None else None for name, value in ranked.items()},
        **{name: stamp(at) if (at := getattr(incident, name)) else None for name in instants},
    }


def _story(core: Core, connection: Connection, number: int, *, as_json: bool) -> str:
    incident_id = incidents.id_by_number(connection, number)
    if incident_id is None:
        raise click.ClickException(f"there is no incident #{number}; `escalator incidents` lists them")
    incident = incidents.read(connection, [incident_id], core.seal)[incident_id]
    policy = core.policies.version(connection, incident.policy_version)
    lines = [_record_document(record, policy) for record in audit_log.of_incident(connection, incident_id)]
    if as_json:
        return json.dumps({**_document(incident), "timeline": lines}, indent=2, ensure_ascii=False)
    owner = f", owner {_owner(incident, policy)}" if incident.owner else ""
    told_lines = (f"  {line['at'][:19].replace('T', ' ')}  {line['text']}{_by(line)}" for line in lines)
    state = _state(incident, incident_numbers(connection, [incident.group_id]))
    return "\n".join([f"#{number} {_headline(incident, policy)} · {state}{owner} (times in UTC)", *told_lines])


def _record_document(record: Row[Any], policy: Policy) -> dict[str, Any]:
    after = json.loads(record.after)
    return {
        "at": stamp(record.recorded_at),
        "action": record.action,
        "actor": {"kind": record.actor_kind, "key": record.actor_key},
        "via": record.via,
        "reason": record.reason,
        "text": record_words(record.action, record.actor_key, record.reason, after, policy),
    }


def _by(entry: dict[str, Any]) -> str:
    return f" ({entry['via']})" if entry["actor"]["kind"] in {"person", "stranger"} else ""
