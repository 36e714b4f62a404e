"""From rows to cards: looks up what a message about an incident needs, and lets the rendering layer say it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from escalator.engine.rounds import following
from escalator.engine.targets import people_of
from escalator.model.incident import DueKind, Incident
from escalator.model.message import Card, Occasion
from escalator.model.policy import Policy
from escalator.model.ranks import Mode, Role
from escalator.rendering import story
from escalator.rendering.card import card, reply
from escalator.rendering.targets import listed, target_words
from escalator.rendering.view import View
from escalator.services.core import Core
from escalator.services.policies import Running
from escalator.store.tables import incidents, records

_TOLD = (
    select(records)
    .where(
        records.c.incident_id.in_(bindparam("ids", expanding=True)),
        records.c.action.in_([action.value for action in story.STORY]),
    )
    .order_by(records.c.at, records.c.id)
)
Story = tuple[tuple[datetime, str], ...]
_MOST_NAMES = 3
_MOST_STORY = 12


def stories(connection: Connection, ids: Iterable[UUID], policy: Policy) -> dict[UUID, Story]:
    """Return the story so far of each of these incidents."""
    found: dict[UUID, Story] = {}
    for row in connection.execute(_TOLD, {"ids": list(ids)}):
        told = story.told(row.action, row.actor_key, row.reason, json.loads(row.after), policy)
        found[row.incident_id] = (*found.get(row.incident_id, ()), (row.at, told))
    return {key: said[-_MOST_STORY:] for key, said in found.items()}


def numbers_of(connection: Connection, ids: Iterable[UUID | None]) -> Mapping[UUID, int]:
    """Return the numbers of these incidents."""
    wanted = [one for one in ids if one is not None]
    if not wanted:
        return {}
    rows = connection.execute(select(incidents.c.id, incidents.c.number).where(incidents.c.id.in_(wanted)))
    return {row.id: row.number for row in rows}


def view_of(  # noqa: PLR0913  # what a message is about, for whom and why
    core: Core,
    incident: Incident,
    frozen: Policy,
    running: Running,
    *,
    person: str | None,
    mode: Mode,
    occasion: Occasion = Occasion.STEP,
    said: Story = (),
    merged_into: int | None = None,
    now: datetime,
) -> View:
    """Return everything that a card about this incident, for this reader, is made from."""
    return View(
        incident=incident,
        frozen=frozen,
        running=running.policy,
        now=now,
        occasion=occasion,
        is_test=mode is Mode.DIVERT,
        is_for_seniors=_is_senior(person, running.policy) and (incident.step > 0 or incident.round > 1),
        waiting_for=waiting_for(incident, frozen, running.policy),
        next_what=next_what(incident, frozen, running.policy),
        story=said,
        mentions=() if person or mode is Mode.DIVERT else mentions(core, incident, frozen, running.policy),
        merged_into=merged_into,
        expand=core.expand,
    )


def full(view: View) -> Card:
    """Return the full message."""
    return card(view)


def in_thread(view: View) -> Card:
    """Return what rings in the thread of a full message."""
    return reply(view)


def _is_senior(person: str | None, policy: Policy) -> bool:
    known = policy.people.get(person or "")
    return known is not None and known.role >= Role.SENIOR


def _present_targets(incident: Incident, frozen: Policy) -> Sequence[str]:
    path = frozen.paths.get(incident.path, ())
    return path[incident.step].notify if 0 <= incident.step < len(path) else ()


def _people_told(incident: Incident, frozen: Policy, running: Policy) -> list[str]:
    told = (
        key
        for target in _present_targets(incident, frozen)
        if target not in running.destinations
        for key in people_of(target, incident.assign, running)
    )
    return [key for key in dict.fromkeys(told) if key in running.people]


def waiting_for(incident: Incident, frozen: Policy, running: Policy) -> tuple[str, ...]:
    """Return who is asked to answer now: the people the present step names, or whom it is assigned to."""
    people = _people_told(incident, frozen, running) or [
        key for key in people_of(incident.assign or "", None, running) if key in running.people
    ]
    names = tuple(running.people[key].name for key in people)
    if names and len(names) <= _MOST_NAMES:
        return names
    words = target_words(_present_targets(incident, frozen), incident.assign, running)
    return (words,) if words else ()


def next_what(incident: Incident, frozen: Policy, running: Policy) -> str:
    """Return who is told at the next deadline, in words."""
    send = following(incident, frozen.paths.get(incident.path, ()))
    if incident.due_kind is DueKind.RESTART or send is None:
        tell = frozen.unanswered.tell
        also = f", and {listed([target_words(tell, None, running)])} is told" if tell else ""
        return f"from the top again{also}"
    return target_words(frozen.paths[incident.path][send.step].notify, incident.assign, running)


def mentions(core: Core, incident: Incident, frozen: Policy, running: Policy) -> tuple[str, ...]:
    """Return the Slack ids of the people whom the present step names."""
    people = _people_told(incident, frozen, running)
    return tuple(found for key in people if (found := core.expand(running.people[key].slack or "")))
