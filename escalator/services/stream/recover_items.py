"""Compares items of Stream's queue with what is known, and stores an event for each state that no webhook has shown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from uuid6 import uuid7

from escalator.engine.reconciliation import RECOVERED, SETTLED_AFTER, Finding, QueueItem, judge_item, was_lost
from escalator.metrics import EVENTS, RECONCILED
from escalator.model.facts import ItemState
from escalator.ports import PROCESS_EVENTS
from escalator.services.core.context import Core
from escalator.store import events, stream_items, stream_sync
from escalator.store.events import EventState, StoredEvent
from escalator.store.stream_items import SeenItem
from escalator.stream.envelope import harm_digest_of
from escalator.stream.recovered import TYPE, body_of, digest_of, state_of
from escalator.stream.timestamps import parse_instant

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recovery:
    """How the items of one source are compared. `connected_at` is Stream's time of the first contact.

    `settled_after` is for how long a state is left to its webhook. A dry run writes nothing. `may_be_lost` is False
    while webhooks wait to be processed, which would be taken for lost.
    """

    core: Core
    source: str
    connected_at: datetime
    is_dry: bool = False
    settled_after: timedelta = SETTLED_AFTER
    may_be_lost: bool = True


@dataclass(frozen=True, slots=True)
class _Judged:
    """An item as Stream answers it, its state, and what that means."""

    body: Json
    state: ItemState
    finding: Finding
    is_newer: bool
    was_lost: bool


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the items of one answer meant, and the events that were stored, by the ids of their items."""

    findings: Mapping[str, Finding]
    event_ids: Mapping[str, UUID]


def recover(recovery: Recovery, items: Iterable[Json], at: datetime, watermark: datetime | None = None) -> Recovered:
    """Store what is new in an answer of that time (Stream's), and with it how far the queue has been read.

    All in one transaction. The events are processed by the workers like webhooks. Raises Unavailable.
    """
    judged = list(_judged(recovery, items, at))
    new = [item for item in judged if item.finding in RECOVERED]
    renewed = [item for item in judged if item.is_newer and item.finding is Finding.KNOWN]
    findings = {item.state.item_id: item.finding for item in judged}
    if recovery.is_dry or not (new or renewed or watermark):
        return Recovered(findings, {})
    stored = _store(recovery, new, renewed, watermark)
    # The same state was stored before.
    findings |= {item.state.item_id: Finding.KNOWN for item in new if item.state.item_id not in stored}
    return Recovered(findings, stored)


def _judged(recovery: Recovery, items: Iterable[Json], at: datetime) -> Iterator[_Judged]:
    bodies = {state.item_id: (body, state) for body in items if (state := state_of(body)) is not None}
    core, source = recovery.core, recovery.source
    with core.database.reading() as connection:
        known = stream_items.known_states(connection, source, list(bodies))
        newer = {
            item_id
            for item_id, (_body, state) in bodies.items()
            if item_id not in known or state.updated_at > known[item_id].updated_at
        }
        with_incident = stream_items.known_items(connection, source, sorted(newer - known.keys()))
    for item_id, (body, plain) in bodies.items():
        state = replace(plain, digest=digest_of(body)) if item_id in newer else plain
        created_at = parse_instant(body.get("created_at")) or state.updated_at
        item = QueueItem(state, created_at, item_id in with_incident)
        finding = judge_item(item, known.get(item_id), at, recovery.connected_at, recovery.settled_after)
        is_lost = recovery.may_be_lost and finding in RECOVERED and was_lost(state, at, recovery.connected_at)
        yield _Judged(body, state, finding, item_id in newer, is_lost)


def _store(
    recovery: Recovery, new: Sequence[_Judged], renewed: Iterable[_Judged], watermark: datetime | None
) -> dict[str, UUID]:
    core, source, now = recovery.core, recovery.source, recovery.core.clock.now()
    # In one order for all, so that two processes that store the same states cannot wait for each other in a circle.
    prepared = [(item, _event(recovery, item, now)) for item in sorted(new, key=lambda item: item.state.digest)]
    with core.database.writing() as connection:
        stored = {item.state.item_id: event.id for item, event in prepared if events.insert(connection, event)}
        seen = [SeenItem(source, item.state, now) for item in (*(item for item, _event in prepared), *renewed)]
        stream_items.record_seen(connection, seen)
        lost = [item.state.item_id for item in new if item.was_lost and item.state.item_id in stored]
        stream_items.record_lost(connection, source, lost, now)
        if watermark is not None:
            stream_sync.update_state(connection, source, now, watermark=watermark)
    if stored:
        core.queue.publish(PROCESS_EVENTS)
        core.metrics.count(EVENTS, len(stored), source=source, type=TYPE, outcome="stored")
        core.metrics.count(RECONCILED, len(stored), source=source, outcome="recovered")
    return stored


def _event(recovery: Recovery, item: _Judged, now: datetime) -> StoredEvent:
    body = body_of(item.body, was_lost=item.was_lost)
    return StoredEvent(
        id=uuid7(),
        source=recovery.source,
        sha256=item.state.digest,
        type=TYPE,
        received_at=now,
        state=EventState.NEW,
        sealed_body=recovery.core.seal.seal(body),
        queue=harm_digest_of({"review_queue_item": item.body}),
    )
