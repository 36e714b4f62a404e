"""The timeline of an incident's page: records in words, and each notification with its result."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from escalator.encryption import Seal
from escalator.errors import ContentLocked
from escalator.model.audit import AuditAction
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Occasion
from escalator.model.policy import Policy
from escalator.rendering.delivery_status import fate_words, occasion_words, recipient_words
from escalator.rendering.timeline import place_words, record_words
from escalator.store import notes as texts
from escalator.store.deliveries import DeliveryKind

_OF_DELIVERIES = frozenset(
    {AuditAction.DELIVERED, AuditAction.DELIVERY_FAILED, AuditAction.DELIVERY_SUPPRESSED, AuditAction.DELIVERY_LISTED}
)
"""Notifications show these better."""

_HUMAN = frozenset({"person", "stranger"})


@dataclass(frozen=True, slots=True)
class NotificationEntry:
    """One notification: to whom, why if it is not of a step, and its result."""

    to: str
    about: str
    fate: str
    state: str
    is_instead: bool = False


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One timeline entry. `kind` is person, stream or engine; `note` is somebody's text, where it is shown."""

    at: datetime
    action: str
    words: str
    kind: str = "engine"
    via: str = ""
    note: str | None = None
    sent: tuple[NotificationEntry, ...] = ()


def build_timeline(
    records: Sequence[Row[Any]], fates: Sequence[Row[Any]], notes: Mapping[str, str], policy: Policy
) -> tuple[TimelineEntry, ...]:
    """Return the timeline in order; each notification is listed under its cause."""
    entries = [_moment(row, notes, policy) for row in records if row.action not in _OF_DELIVERIES]
    by_instant = _by_origin(fates, policy)
    placed = {at: place for place, at in enumerate(entry.at for entry in entries)}
    placed |= {entry.at: place for place, entry in enumerate(entries) if entry.action == AuditAction.STEP_FIRED}
    for at, sent in by_instant.items():
        if at in placed:
            entries[placed[at]] = replace(entries[placed[at]], sent=sent)
        else:
            entries.append(TimelineEntry(at, "", "Told", sent=sent))
    return tuple(sorted(entries, key=lambda entry: entry.at))


def _moment(row: Row[Any], notes: Mapping[str, str], policy: Policy) -> TimelineEntry:
    after = json.loads(row.after)
    words = record_words(row.action, row.actor_key, row.reason, after, policy)
    kind = "person" if row.actor_kind in _HUMAN else "stream" if row.via == "stream" else "engine"
    via = place_words(row.via) if kind == "person" else ""
    return TimelineEntry(row.recorded_at, row.action, words, kind, via, note=notes.get(after.get("reason_id", "")))


def _by_origin(fates: Sequence[Row[Any]], policy: Policy) -> Mapping[datetime, tuple[NotificationEntry, ...]]:
    """Return the notifications by creation time; a fallback is listed at the time of the one it replaces."""
    known = {row.id: row for row in fates}
    replaced = {row.fallback_of for row in fates}
    by_origin: dict[datetime, tuple[NotificationEntry, ...]] = defaultdict(tuple)
    for row in fates:
        first = row
        while first.fallback_of in known:
            first = known[first.fallback_of]
        by_origin[first.created_at] += (_sent(row, policy, is_replaced=row.id in replaced),)
    return by_origin


def _sent(row: Row[Any], policy: Policy, *, is_replaced: bool) -> NotificationEntry:
    took = row.delivered_at - row.created_at if row.delivered_at else None
    fate = fate_words(row.state, row.reason, took, row.attempts)
    return NotificationEntry(
        to=recipient_words(row.destination, DestinationKind(row.channel), policy),
        about=occasion_words(Occasion(row.occasion), is_copy=row.kind == DeliveryKind.COPY),
        fate=f"{fate}; sent another way instead" if is_replaced else fate,
        state=row.state,
        is_instead=row.fallback_of is not None,
    )


_WRITTEN = frozenset({AuditAction.NOTED, AuditAction.HELD, AuditAction.HOLD_LIFTED})
"""Actions that are recorded with a text."""


def texts_of_records(connection: Connection, records: Iterable[Row[Any]], seal: Seal) -> dict[str, str]:
    """Return the texts written with these records, by the id in the record; emptied ones are left out."""
    ids = [json.loads(row.after).get("reason_id", "") for row in records if row.action in _WRITTEN]
    stored = texts.find(connection, [UUID(incident_id) for incident_id in ids if incident_id])
    opened = {str(key): _opened(note.sealed_body, seal) for key, note in stored.items() if note.sealed_body is not None}
    return {key: text for key, text in opened.items() if text is not None}


def _opened(body: bytes, seal: Seal) -> str | None:
    try:
        return seal.open(body).decode()
    except ContentLocked:
        return None
