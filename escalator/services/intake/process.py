"""Turns stored events into incidents or changes: a batch in one transaction, and one by one when a batch fails."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from escalator.clock import Stopwatch
from escalator.engine.apply_event import ENTITY_JOIN_WINDOW, add_event, merge_incidents, open_incident, opens_incident
from escalator.engine.incident_change import Change, PolicyPair, combine
from escalator.engine.reviews import stream_ids_of_people
from escalator.errors import Conflict
from escalator.metrics import EVENTS, UNROUTED
from escalator.model.facts import ItemKey, Observation
from escalator.model.incident import Incident, State
from escalator.ports import CALL_STREAM, PROCESS_EVENTS
from escalator.services.core.batch import run_batch
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.grouping import group_storm_alerts
from escalator.services.incidents.transaction import UnitOfWork, unit_of_work
from escalator.services.intake.our_actions import our_actions_of
from escalator.store import events, incident_keys, incidents, stream_calls, stream_items
from escalator.store.database import commit_without_disk
from escalator.store.events import StoredEvent
from escalator.store.pipeline import in_one_trip
from escalator.store.stream_items import SeenItem
from escalator.stream.our_actions import OursOf
from escalator.stream.read_event import observe

BATCH = 20
MOST_S = 8.0
TRIES = 5
WAIT_FOR_ITEM = timedelta(seconds=10)
_WITHOUT_POLICY_WAIT = timedelta(seconds=5)


def process_events(core: Core, limit: int = BATCH) -> int:
    """Process the oldest waiting events; return how many were taken. Raises Unavailable."""
    claimed_ids: list[UUID] = []
    return run_batch(
        "event",
        claimed_ids,
        together=lambda: _process(core, limit, claimed_ids),
        alone=lambda event_id: _process(core, 1, [], only=event_id),
        failed=lambda event_id, reason: _note_failure(core, event_id, reason),
    )


def process_event(core: Core, event_id: UUID) -> None:
    """Process one event now, unless another process has it. Errors are raised; workers try again later."""
    _process(core, 1, [], only=event_id)


def process_waiting(core: Core) -> None:
    """Process waiting events for some seconds; queue the rest. Raises Unavailable."""
    watch = Stopwatch()
    while watch.seconds() < MOST_S:
        if process_events(core) < BATCH:
            return
    core.queue.publish(PROCESS_EVENTS)


def process_overdue(core: Core, overdue_by: timedelta) -> bool:
    """Process events that waited longer; return whether there were any. Raises Unavailable."""
    now = core.clock.now()
    with core.database.reading() as connection:
        oldest = events.oldest_due_since(connection, now)
    is_overdue = oldest is not None and now - oldest >= overdue_by
    if is_overdue:
        process_waiting(core)
    return is_overdue


def _note_failure(core: Core, event_id: UUID, reason: str) -> None:
    now = core.clock.now()
    with core.database.writing() as connection:
        is_parked = events.record_failure(connection, event_id, now, reason, TRIES)
        running = core.policies.running(connection)
        if is_parked and running:
            detail = f"event {event_id} failed {TRIES} times ({reason}) and is parked"
            OperatorAlerts(connection, now).raise_alert(f"event:{event_id}", detail, running.policy, core.settings)
    if is_parked:
        core.metrics.count(EVENTS, source="", type="", outcome="parked")


def _process(core: Core, limit: int, claimed_ids: list[UUID], only: UUID | None = None) -> int:
    now = core.clock.now()
    with unit_of_work(core) as work:
        connection = work.connection
        rows, running = in_one_trip(
            connection, partial(events.lock_new, now=now, limit=limit, only=only), core.policies.running
        )
        claimed_ids += [row.id for row in rows]
        if not rows:
            return 0
        if running is None:
            events.postpone(connection, claimed_ids, now + _WITHOUT_POLICY_WAIT)
            return 0
        board = _Board(core, work, running, now)
        board.settle(rows)
        if not work.has_something_to_send:
            # After a crash of the database all is done again, which nobody notices where nothing was sent.
            commit_without_disk(connection)
    if board.has_confirmed_calls:
        core.queue.publish(CALL_STREAM)
    for at in board.put_off_until:
        core.queue.publish_at(at, PROCESS_EVENTS)
    return len(rows)


def _all_keys(observation: Observation) -> tuple[ItemKey, ...]:
    return (*observation.keys, *observation.other_keys)


def _items_in(seen: Iterable[tuple[StoredEvent, Observation | None]]) -> Iterator[SeenItem]:
    for row, observation in seen:
        if observation is not None and observation.item is not None:
            yield SeenItem(row.source, observation.item, row.received_at)


@dataclass(slots=True)
class _Board:
    """The incidents of one batch during its decisions; all is written at the end."""

    core: Core
    work: UnitOfWork
    running: RunningPolicy
    now: datetime
    owners: dict[tuple[str, ItemKey], UUID] = field(default_factory=dict)
    stored: frozenset[tuple[str, ItemKey]] = frozenset()
    new_keys: dict[tuple[str, ItemKey], UUID] = field(default_factory=dict)
    before: dict[UUID, Incident] = field(default_factory=dict)
    current: dict[UUID, Incident] = field(default_factory=dict)
    changes: dict[UUID, list[Change]] = field(default_factory=dict)
    put_off_until: list[datetime] = field(default_factory=list)
    has_confirmed_calls: bool = False

    @property
    def connection(self) -> Connection:
        """Return the transaction's connection."""
        return self.work.connection

    def settle(self, rows: Sequence[StoredEvent]) -> None:
        """Decide about every event; write it all."""
        seen = [(row, self._observed(row)) for row in sorted(rows, key=lambda row: (row.received_at, row.id))]
        keys = [(row.source, key) for row, observation in seen if observation for key in _all_keys(observation)]
        self.owners = incident_keys.owners_of(self.connection, keys)
        self.stored = frozenset(self.owners)
        self.before = incidents.lock(self.connection, set(self.owners.values()), self.core.seal)
        if self.before and incident_keys.owners_of(self.connection, keys) != self.owners:
            raise Conflict("a key was given away while we waited for its incident")
        self.current = dict(self.before)
        waiting: list[StoredEvent] = []
        belongs: list[tuple[UUID, UUID | None]] = []
        for row, observation in seen:
            if observation is not None and self._should_wait(row, observation):
                waiting.append(row)
            else:
                belongs.append((row.id, self._take(row, observation) if observation else None))
        for row in waiting:
            until = row.received_at + WAIT_FOR_ITEM
            events.postpone(self.connection, [row.id], until)
            self.put_off_until.append(until)
        self._write(belongs)
        stream_items.record_seen(self.connection, _items_in(seen))
        confirmed = {call for _row, observation in seen if observation for call in observation.confirmed}
        self.has_confirmed_calls = bool(confirmed) and stream_calls.confirm(self.connection, confirmed, self.now)

    def _observed(self, row: StoredEvent) -> Observation | None:
        body = self.core.seal.open(row.sealed_body or b"")
        return observe(body, row.received_at, stream_ids_of_people(self.running.policy), self._ours(row.source))

    def _ours(self, source: str) -> OursOf:
        return our_actions_of(self.core, self.connection, self.running.policy, source, self.now)

    def _should_wait(self, row: StoredEvent, observation: Observation) -> bool:
        """Whether to wait for the item's own event: it is not here yet, and there is time."""
        is_known = any((row.source, key) in self.owners for key in _all_keys(observation))
        return observation.waits and not is_known and self.now < row.received_at + WAIT_FOR_ITEM

    def _take(self, row: StoredEvent, observation: Observation) -> UUID | None:
        matching = self._matching(row.source, observation)
        if not matching:
            return self._open(row, observation) if opens_incident(observation, self.running.policy) else None
        oldest, *others = sorted(matching, key=lambda incident: (incident.opened_at, incident.id))
        for younger in others:
            self._merge(oldest.id, younger.id)
        incident = self.current[oldest.id]
        self._put(add_event(incident, observation, self._rules(incident), self.now))
        self._give(row.source, observation.keys, oldest.id)
        return oldest.id

    def _matching(self, source: str, observation: Observation) -> list[Incident]:
        incident_ids = dict.fromkeys(
            self.owners[source, key] for key in _all_keys(observation) if (source, key) in self.owners
        )
        by_item = {
            self.owners[source, key] for key in observation.keys if key.kind == "item" and (source, key) in self.owners
        }
        return [
            self.current[owner]
            for owner in incident_ids
            if owner in by_item or self._may_join_by_entity(self.current[owner], observation)
        ]

    def _may_join_by_entity(self, incident: Incident, observation: Observation) -> bool:
        """A resolved incident is joined by its entity for a day, and never by another item."""
        if incident.state is not State.RESOLVED:
            return True
        item, own = observation.links.get("item_id"), incident.links.get("item_id")
        is_fresh = incident.closed_at is not None and self.now - incident.closed_at <= ENTITY_JOIN_WINDOW
        return is_fresh and not (item and own and item != own)

    def _open(self, row: StoredEvent, observation: Observation) -> UUID:
        mode = self.core.mode_of(row.source, self.running.policy)
        blank = Incident(row.id, 0, row.source, mode, self.running.version, row.received_at)
        rules = self.running.rules(self.running.policy)
        change = open_incident(blank, observation, rules, self.now)
        self._put(change)
        self._give(row.source, observation.keys, blank.id)
        if change.incident.route is None:
            self.core.metrics.count(UNROUTED)
        return blank.id

    def _merge(self, older: UUID, younger: UUID) -> None:
        older_incident, younger_incident = self.current[older], self.current[younger]
        for change in merge_incidents(older_incident, younger_incident, self._rules(older_incident), self.now):
            self._put(change)
        for named, owner in self.owners.items():
            if owner == younger:
                self.owners[named] = self.new_keys[named] = older
        incident_keys.move_keys(self.connection, younger, older)

    def _rules(self, incident: Incident) -> PolicyPair:
        return rules_for(self.core, self.connection, incident, self.running)

    def _put(self, change: Change) -> None:
        self.current[change.incident.id] = change.incident
        self.changes.setdefault(change.incident.id, []).append(change)

    def _give(self, source: str, keys: Iterable[ItemKey], owner: UUID) -> None:
        for key in keys:
            if self.owners.get((source, key)) != owner:
                self.owners[source, key] = self.new_keys[source, key] = owner

    def _write(self, belongs: Sequence[tuple[UUID, UUID | None]]) -> None:
        combined = {incident_id: combine(changes) for incident_id, changes in self.changes.items()}
        decided = [Decision(self.before.get(incident_id), change) for incident_id, change in combined.items()]
        decisions = group_storm_alerts(TransactionContext(self.core, self.connection, self.running, self.now), decided)
        self.work.apply(decisions, self.running, self.now)
        incident_keys.give_keys(self.connection, self.new_keys, self.stored)
        events.mark_done(self.connection, belongs)
