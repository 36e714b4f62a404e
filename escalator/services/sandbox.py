"""What the sandbox page shows: the messages that would have been sent, their incidents, and how fast all that was."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from escalator.channels.slack.blocks import Json
from escalator.model.incident import DueKind, Incident
from escalator.model.policy import Policy
from escalator.model.ranks import Mode
from escalator.model.records import Action
from escalator.rendering import story
from escalator.rendering.texts import headline
from escalator.rendering.view import NO_TITLE
from escalator.services.beating import SWEEPER
from escalator.services.core import Core
from escalator.services.inbox.shelf import opened
from escalator.services.messages import next_what
from escalator.services.policies import Running
from escalator.store import inbox, policies, processes
from escalator.store import incidents as incident_store
from escalator.store.deliveries import BEAT_LOST, DeliveryState
from escalator.store.inbox import Item
from escalator.store.processes import Process
from escalator.store.tables import deliveries, incidents, records
from escalator.stream.samples import SAMPLES

MOST_MESSAGES = 300
MOST_INCIDENTS = 50
MOST_RECORDS = 1500
VIEWS_STAY = timedelta(minutes=5)
"""A window is one pair of eyes' and soon gone: what it showed is not offered for longer."""

_PROCESSES_STAY = timedelta(minutes=1)
_SPEAKS_FOR_ITSELF = "system"
_AGAIN = "it starts again from the top"
_NEXT = {
    DueKind.REMIND: "the owner is reminded",
    DueKind.RESOLVE_WITHIN: _AGAIN,
    DueKind.SNOOZE_END: _AGAIN,
}


@dataclass(frozen=True, slots=True)
class _History:
    """What has become of some incidents: when each first reached somebody, and its records, the oldest first."""

    first_told: Mapping[UUID, datetime]
    records: Mapping[UUID, Sequence[Row[Any]]]


def sandbox_state(core: Core) -> Json:
    """Return the whole picture, as `web/static/api.js` describes it. Raises Unavailable and ContentLocked."""
    now = core.clock.now()
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        shown = inbox.newest(connection, MOST_MESSAGES, now - VIEWS_STAY)
        alive = processes.processes(connection, now - _PROCESSES_STAY)
        return {
            "mode": core.settings.mode.value,
            "now": stamp(now),
            "reached_nobody": count_sandboxed(connection),
            "can_kill": core.settings.can_kill_worker,
            "demo_policy": running is not None and _is_demo(connection, running),
            "people": _people(core, running.policy) if running else [],
            "samples": [{"name": name, "title": _sentence(one.about)} for name, one in SAMPLES.items()],
            "workers": _workers(alive, now),
            "messages": _messages(core, shown, running),
            "incidents": _incidents(core, connection, running) if running else [],
        }


def count_sandboxed(connection: Connection) -> int:
    """Return how many incidents reached nobody, because they were opened in the sandbox."""
    found = select(func.count()).select_from(incidents).where(incidents.c.mode == Mode.SANDBOX)
    return connection.scalar(found) or 0


def stamp(at: datetime) -> str:
    """Return an instant as the page reads it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _sentence(about: str) -> str:
    return about[:1].upper() + about[1:]


@lru_cache(maxsize=1)
def _demo_sha256() -> str:
    return hashlib.sha256(files("escalator.policy").joinpath("demo.yml").read_bytes()).hexdigest()


def _is_demo(connection: Connection, running: Running) -> bool:
    return policies.sha256_of(connection, running.version) == _demo_sha256()


def _people(core: Core, policy: Policy) -> list[Json]:
    return [
        {
            "key": key,
            "name": one.name,
            "role": one.role.value,
            "slack": core.expand(one.slack or "") or None,
            "timezone": (one.timezone or policy.timezone).key,
        }
        for key, one in policy.people.items()
    ]


def _workers(found: Iterable[Process], now: datetime) -> list[Json]:
    """Return the processes, each once: one that sweeps is a worker, whatever else it does."""
    by_pid: dict[tuple[str, int], list[Process]] = defaultdict(list)
    for one in found:
        by_pid[one.host, one.pid].append(one)
    return [
        {
            "kind": "worker" if any(one.kind == SWEEPER for one in same) else same[0].kind,
            "pid": pid,
            "started_at": stamp(min(one.started_at for one in same)),
            "beat_at": stamp(max(one.beat_at for one in same)),
            "alive": max(one.beat_at for one in same) > now - BEAT_LOST,
        }
        for (_host, pid), same in by_pid.items()
    ]


def _messages(core: Core, shown: Iterable[Item], running: Running | None) -> list[Json]:
    people = running.policy.people if running else {}
    by_slack = {slack: key for key, one in people.items() if (slack := core.expand(one.slack or ""))}
    return [_message(item, opened(item, core.seal), by_slack) for item in shown]


def _message(item: Item, said: Mapping[str, Any], by_slack: Mapping[str, str]) -> Json:
    view = said.get("view")
    text = view["title"]["text"] if view else said.get("text", "")
    blocks = said.get("blocks", [])
    return {
        "id": str(item.id),
        "at": stamp(item.at),
        "updated_at": _stamp(item.updated_at),
        "kind": item.channel.value,
        "channel": item.channel.value,
        "type": item.type.value,
        "destination": item.destination,
        "address": item.address,
        "person": by_slack.get(item.person or "", item.person),
        "incident": item.number,
        "ts": item.ts,
        "thread_ts": item.thread_ts,
        "thread": item.thread_ts,
        "broadcast": item.broadcast,
        "text": text,
        "first_text": said.get("first_text", text),
        "blocks": blocks,
        "buttons": _buttons(blocks),
        "view": view,
    }


def _buttons(blocks: Iterable[Mapping[str, Any]]) -> list[Json]:
    return [
        {"action_id": one["action_id"], "label": one["text"]["text"], "value": one["value"]}
        for block in blocks
        if block["type"] == "actions"
        for one in block["elements"]
    ]


def _incidents(core: Core, connection: Connection, running: Running) -> list[Json]:
    newest = (
        select(incidents.c.id)
        .where(incidents.c.mode == Mode.SANDBOX)
        .order_by(incidents.c.number.desc())
        .limit(MOST_INCIDENTS)
    )
    found = incident_store.read(connection, connection.scalars(newest), core.seal)
    history = _history(connection, list(found))
    return [
        _incident(one, core.policies.version(connection, one.policy_version), running.policy, history)
        for one in sorted(found.values(), key=lambda one: one.number)
    ]


def _history(connection: Connection, ids: Sequence[UUID]) -> _History:
    told = connection.execute(
        select(deliveries.c.incident_id, func.min(deliveries.c.delivered_at).label("at"))
        .where(
            deliveries.c.incident_id.in_(ids),
            deliveries.c.mode == Mode.SANDBOX,
            deliveries.c.state == DeliveryState.DELIVERED,
        )
        .group_by(deliveries.c.incident_id)
    )
    newest = connection.execute(
        select(records)
        .where(records.c.incident_id.in_(ids))
        .order_by(records.c.at.desc(), records.c.id.desc())
        .limit(MOST_RECORDS)
    )
    by_incident: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for record in reversed(newest.all()):
        by_incident[record.incident_id].append(record)
    return _History({row.incident_id: row.at for row in told}, by_incident)


def _incident(one: Incident, frozen: Policy, running: Policy, history: _History) -> Json:
    category = frozen.categories.get(one.category or "") or running.categories.get(one.category or "")
    happened = [(record, json.loads(record.after)) for record in history.records.get(one.id, ())]
    told_at = history.first_told.get(one.id)
    return {
        "number": one.number,
        "state": one.state.value,
        "header": headline(one.severity, category.title if category else NO_TITLE),
        "category": one.category,
        "severity": one.severity.value,
        "opened_at": stamp(one.opened_at),
        "due_at": _stamp(one.due_at),
        "due_kind": one.due_kind.value if one.due_kind else None,
        "next": (_NEXT.get(one.due_kind) or next_what(one, frozen, running)) if one.due_kind else None,
        "owner": one.owner,
        "figures": {
            "webhook_to_message_ms": None if told_at is None else _milliseconds(told_at - one.opened_at),
            "lateness_ms": [float(after["late_ms"]) for record, after in happened if _is_late_step(record, after)],
        },
        "timeline": [_entry(record, after, running) for record, after in happened],
    }


def _milliseconds(span: timedelta) -> float:
    return round(span.total_seconds() * 1000, 1)


def _is_late_step(record: Row[Any], after: Mapping[str, str]) -> bool:
    """Whether a deadline fired it; the first step of an incident and what people ask for are never late."""
    return record.action == Action.STEP_FIRED.value and "late_ms" in after


def _entry(record: Row[Any], after: Mapping[str, str], policy: Policy) -> Json:
    """Return a record in words. The page puts an actor before the text, but these sentences name theirs."""
    return {
        "at": stamp(record.at),
        "action": record.action,
        "actor": _SPEAKS_FOR_ITSELF,
        "text": story.told(record.action, record.actor_key, record.reason, after, policy),
    }
