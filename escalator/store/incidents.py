"""Incidents, keys and acknowledgements: found, locked, written.

An incident is locked FOR NO KEY UPDATE: against other changes, but not against new rows that refer to it. Several are
locked in the order of their ids, groups after all others (see `escalator.store.groups`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    Row,
    bindparam,
    func,
    select,
    update,
)

from escalator.encryption import Seal
from escalator.errors import ContentLocked
from escalator.model.incident import Acknowledgement, DueKind, Incident, Outcome, State
from escalator.model.levels import ContentRule, Mode, Severity
from escalator.store.codec import (
    categories_from_text,
    categories_to_text,
    open_content,
    open_facts,
    seal_content,
    seal_facts,
    stream_actions_from_text,
    stream_actions_to_text,
)
from escalator.store.tables import acknowledgements, events, incident_numbers, incidents

FIRST_NUMBER, MOST_NUMBER = 1001, 2**31 - 1
_DERIVED = frozenset(
    {
        "id",
        "number",
        "source",
        "policy_version",
        "opened_at",
        "facts",
        "links",
        "content",
        "acknowledgements",
        "matched_categories",
        "stream_actions",
    }
)
_PLAIN = tuple(name for name in Incident.__dataclass_fields__ if name not in _DERIVED)
OUTLINE = tuple(column for column in incidents.c if not column.name.startswith("sealed_"))
"""The columns that lists read: all that are not encrypted."""


_NUMBERS = select(incident_numbers.next_value()).select_from(
    func.generate_series(1, bindparam("count", type_=Integer)).table_valued("n")
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_THESE = (
    select(incidents).where(incidents.c.id.in_(_IDS)).order_by(incidents.c.member_count.is_not(None), incidents.c.id)
)
_THESE_LOCKED = _THESE.with_for_update(of=incidents, key_share=True)
_ALL = _THESE.with_only_columns(incidents.c.id).with_for_update(key_share=True)
_FREE = _ALL.with_for_update(skip_locked=True, key_share=True)
_ANSWERS = (
    select(acknowledgements)
    .where(acknowledgements.c.incident_id.in_(_IDS))
    .order_by(acknowledgements.c.acknowledged_at)
)


def take_numbers(connection: Connection, count: int) -> list[int]:
    """Return `count` new numbers. On SQLite the write lock makes the highest plus one safe."""
    if not count:
        return []
    if connection.dialect.name != "sqlite":
        return list(connection.scalars(_NUMBERS, {"count": count}))
    highest = connection.scalar(select(func.max(incidents.c.number))) or FIRST_NUMBER - 1
    return list(range(highest + 1, highest + 1 + count))


def lock_free(connection: Connection, ids: Sequence[UUID], most: int) -> frozenset[UUID]:
    """Lock up to `most` of these incidents, without decrypting: the first that are not locked; return which.

    If all of them are locked, it waits for the first ones, so that a caller that retries makes progress.
    """
    free: set[UUID] = set()
    for start in range(0, len(ids), most):
        free |= set(connection.scalars(_FREE, {"ids": ids[start : start + most]}))
        if len(free) >= most:
            break
    if not free and ids:
        free = set(connection.scalars(_ALL, {"ids": ids[:most]}))
    return frozenset(free)


def readable(connection: Connection, ids: Iterable[UUID], seal: Seal) -> dict[UUID, Incident]:
    """Return those of these incidents whose columns our keys can decrypt; the others are left out.

    All at once, and one by one if that fails.
    """
    known_ids = list(ids)
    with suppress(ContentLocked, ValueError, KeyError):
        return read(connection, known_ids, seal)
    incidents_by_id: dict[UUID, Incident] = {}
    for incident_id in known_ids:
        with suppress(ContentLocked, ValueError, KeyError):
            incidents_by_id |= read(connection, [incident_id], seal)
    return incidents_by_id


def lock(connection: Connection, ids: Iterable[UUID], seal: Seal) -> dict[UUID, Incident]:
    """Return these incidents, locked in the order of their ids, groups last, for the rest of the transaction."""
    parameters = {"ids": list(ids)}
    return from_rows(connection, connection.execute(_THESE_LOCKED, parameters).all(), seal) if parameters["ids"] else {}


def read(connection: Connection, ids: Iterable[UUID], seal: Seal) -> dict[UUID, Incident]:
    """Return these incidents as they are now, without locking them."""
    return from_rows(connection, connection.execute(_THESE, {"ids": list(ids)}).all(), seal)


@dataclass(frozen=True, slots=True)
class UnsealedFields:
    """An incident's state, readable even if the rest cannot be decrypted."""

    number: int
    source: str
    mode: Mode
    policy_version: UUID
    path: str
    assign: str | None


def unsealed_fields(connection: Connection, incident_id: UUID) -> UnsealedFields:
    """Return an incident's readable state."""
    row = connection.execute(select(incidents).where(incidents.c.id == incident_id)).one()
    return UnsealedFields(row.number, row.source, Mode(row.mode), row.policy_version_id, row.path, row.assign)


def id_by_number(connection: Connection, number: int) -> UUID | None:
    """Return the id of the incident with that number; None also for an impossible number."""
    if not 0 < number <= MOST_NUMBER:
        return None
    incident_id: UUID | None = connection.scalar(select(incidents.c.id).where(incidents.c.number == number))
    return incident_id


def number_of_event(connection: Connection, source: str, sha256: str) -> int | None:
    """Return the number of the incident that a stored event belongs to, if it has one yet."""
    mine = (events.c.source == source, events.c.sha256 == sha256)
    number: int | None = connection.scalar(select(incidents.c.number).join(events).where(*mine))
    return number


def from_rows(connection: Connection, rows: Sequence[Row[Any]], seal: Seal) -> dict[UUID, Incident]:
    """Return the incidents in these rows, decrypted. Raises ContentLocked."""
    acknowledgements = _answers(connection, [row.id for row in rows if row.round and row.state != State.LOGGED])
    return {row.id: _incident(row, acknowledgements.get((row.id, row.round), ()), seal) for row in rows}


def _answers(connection: Connection, ids: Sequence[UUID]) -> dict[tuple[UUID, int], tuple[Acknowledgement, ...]]:
    if not ids:
        return {}
    by_round: dict[tuple[UUID, int], tuple[Acknowledgement, ...]] = defaultdict(tuple)
    for row in connection.execute(_ANSWERS, {"ids": ids}):
        by_round[row.incident_id, row.round] += (Acknowledgement(row.person, row.verb, row.via, row.acknowledged_at),)
    return by_round


def from_outline_rows(connection: Connection, rows: Sequence[Row[Any]]) -> list[Incident]:
    """Return the incidents in rows of OUTLINE, in their order, without anything encrypted."""
    acknowledgements = _answers(connection, [row.id for row in rows if row.round and row.state != State.LOGGED])
    return [_outline(row, acknowledgements.get((row.id, row.round), ())) for row in rows]


def _incident(row: Row[Any], acknowledgements: tuple[Acknowledgement, ...], seal: Seal) -> Incident:
    facts, links = open_facts(row.sealed_facts, seal)
    content = open_content(row.sealed_content, seal)
    return _outline(row, acknowledgements).changed(facts=facts, links=links, content=content)


def _outline(row: Row[Any], acknowledgements: tuple[Acknowledgement, ...]) -> Incident:
    values = {name: getattr(row, name) for name in _PLAIN}
    values.update(
        state=State(row.state),
        severity=Severity(row.severity),
        content_rule=ContentRule(row.content_rule),
        mode=Mode(row.mode),
        due_kind=DueKind(row.due_kind) if row.due_kind else None,
        outcome=Outcome(row.outcome) if row.outcome else None,
    )
    return Incident(
        id=row.id,
        number=row.number,
        source=row.source,
        policy_version=row.policy_version_id,
        opened_at=row.opened_at,
        acknowledgements=acknowledgements,
        matched_categories=categories_from_text(row.matched_categories),
        stream_actions=stream_actions_from_text(row.stream_actions),
        **values,
    )


def insert(connection: Connection, new: Sequence[Incident], armed: Mapping[UUID, datetime], seal: Seal) -> None:
    """Write new incidents; `armed` says until when a timer for their deadline is already set."""
    if new:
        connection.execute(incidents.insert(), [_values(incident, seal) | _arming(incident, armed) for incident in new])
        _insert_answers(connection, new)


def save(
    connection: Connection, changed: Sequence[tuple[Incident, Incident]], armed: Mapping[UUID, datetime], seal: Seal
) -> None:
    """Write incidents after a decision, given as (before, after); this transaction has locked them."""
    with_new_content = [(before, after) for before, after in changed if _has_more_to_show(before, after)]
    same = [(before, after) for before, after in changed if not _has_more_to_show(before, after)]
    for pairs, with_content in ((with_new_content, True), (same, False)):
        if pairs:
            _update(connection, [after for _before, after in pairs], armed, seal, with_content=with_content)
    _insert_answers(connection, [_fresh_answers(before, after) for before, after in changed])


def set_hold(connection: Connection, incident_id: UUID, *, is_held: bool) -> None:
    """Set whether content is on legal hold, for an incident that this transaction has locked."""
    connection.execute(update(incidents).where(incidents.c.id == incident_id).values(has_legal_hold=is_held))


def _has_more_to_show(before: Incident, after: Incident) -> bool:
    return (before.facts, before.content, before.links) != (after.facts, after.content, after.links)


def _fresh_answers(before: Incident, after: Incident) -> Incident:
    if before.round != after.round:
        return after
    return after.changed(
        acknowledgements=tuple(answer for answer in after.acknowledgements if answer not in before.acknowledgements),
    )


def _update(
    connection: Connection,
    changed: Sequence[Incident],
    armed: Mapping[UUID, datetime],
    seal: Seal,
    *,
    with_content: bool,
) -> None:
    rows = [_values(incident, seal, with_content=with_content) | _arming(incident, armed) for incident in changed]
    names = [name for name in rows[0] if name not in {"id", "number", "source", "opened_at"}]
    statement = update(incidents).where(incidents.c.id == bindparam("key"))
    statement = statement.values({name: bindparam(f"new_{name}", type_=incidents.c[name].type) for name in names})
    connection.execute(statement, [{"key": row["id"]} | {f"new_{name}": row[name] for name in names} for row in rows])


def _values(incident: Incident, seal: Seal, *, with_content: bool = True) -> dict[str, Any]:
    row = {name: getattr(incident, name) for name in _PLAIN}
    row |= {"id": incident.id, "number": incident.number, "source": incident.source, "opened_at": incident.opened_at}
    row["policy_version_id"] = incident.policy_version
    row["matched_categories"] = categories_to_text(incident.matched_categories)
    row["stream_actions"] = stream_actions_to_text(incident.stream_actions)
    if with_content:
        row["sealed_facts"] = seal_facts(incident.facts, incident.links, seal)
        row["sealed_content"] = seal_content(incident.content, seal)
    return row


def _arming(incident: Incident, armed: Mapping[UUID, datetime]) -> dict[str, Any]:
    return {"timer_set_for": armed.get(incident.id), "attempts": 0, "next_attempt_at": None}


def _insert_answers(connection: Connection, changed: Sequence[Incident]) -> None:
    rows = [
        {
            "incident_id": incident.id,
            "round": incident.round,
            "person": a.person,
            "verb": a.verb,
            "via": a.via,
            "acknowledged_at": a.acknowledged_at,
        }
        for incident in changed
        for a in incident.acknowledgements
    ]
    if rows:
        connection.execute(acknowledgements.insert(), rows)
