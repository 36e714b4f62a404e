"""Runs past events through two policies: who would be notified differently. Nothing is written or sent."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from escalator.engine.overrides import with_overrides
from escalator.engine.replay import PastAction, PastEvent, ReplayResult, replay
from escalator.engine.reviews import stream_ids_of_people
from escalator.errors import ContentLocked, InvalidEvent
from escalator.model.audit import AuditAction
from escalator.model.incident import Outcome, Verb
from escalator.model.policy import Policy
from escalator.policy.placeholders import with_stream_ids
from escalator.services.core.context import Core
from escalator.services.intake.process import WAIT_FOR_ITEM
from escalator.store import audit_log, calendars, event_history
from escalator.store.event_history import PastIncident
from escalator.store.events import EventState
from escalator.stream.read_event import observe

FOLLOWED = timedelta(hours=1)
"""How long an incident without an answer or an end is followed after its last known event."""

_PEOPLE = frozenset({"person", "stranger"})
_ACTS = {
    AuditAction.ACKNOWLEDGED: Verb.ACKNOWLEDGE,
    AuditAction.ANSWERED: Verb.ACKNOWLEDGE,
    AuditAction.RELEASED: Verb.RELEASE,
    AuditAction.RESOLVED: Verb.RESOLVE,
    AuditAction.SNOOZED: Verb.SNOOZE,
    AuditAction.HANDED_OVER: Verb.HAND_OVER,
    AuditAction.TAKEN_OVER: Verb.TAKE_OVER,
    AuditAction.ESCALATED_NOW: Verb.ESCALATE_NOW,
    AuditAction.STILL_ON_IT: Verb.STILL_ON_IT,
    AuditAction.REOPENED: Verb.REOPEN,
}


@dataclass(frozen=True, slots=True)
class BacktestDifference:
    """One incident that two policies treat differently."""

    number: int
    old: ReplayResult
    new: ReplayResult


@dataclass(slots=True)
class Backtest:
    """The result: counts by destination or person, and of what could not be replayed, by the reason."""

    since: datetime
    until: datetime
    incidents: int = 0
    differences: list[BacktestDifference] = field(default_factory=list)
    old: Counter[str] = field(default_factory=Counter)
    new: Counter[str] = field(default_factory=Counter)
    silent_before: list[int] = field(default_factory=list)
    silent_after: list[int] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, number: int, old: ReplayResult, new: ReplayResult) -> None:
        """Count one incident."""
        self.incidents += 1
        self.old.update(notified.to for notified in old.notified)
        self.new.update(notified.to for notified in new.notified)
        if not old.notified:
            self.silent_before.append(number)
        if not new.notified:
            self.silent_after.append(number)
        if old != new:
            self.differences.append(BacktestDifference(number, old, new))


def backtest(core: Core, old: Policy, new: Policy, since: datetime) -> Backtest:
    """Return how two policies treat what was accepted since then, with the real answers. Raises Unavailable.

    One incident is in memory at a time, and the differences.
    """
    old, new = (with_stream_ids(policy, core.settings.environment) for policy in (old, new))
    staff = stream_ids_of_people(old) | stream_ids_of_people(new)
    result = Backtest(since, core.clock.now())
    with core.database.reading() as connection:
        clicked = core.policies.stand_ins(connection, since)
        versions = [
            (with_overrides(policy, clicked), calendars.bookings_of(connection, policy)) for policy in (old, new)
        ]
        for life in event_history.incidents_since(connection, since):
            try:
                happened = _happened(core, connection, life, staff)
            except _Lost as lost:
                result.left_out[lost.why] += 1
                continue
            until = _until(life, happened, result.until)
            before, after = (replay(life.source, happened, until, *version) for version in versions)
            result.add(life.number, before, after)
        stray = event_history.count_without_incident(connection, since)
    result.left_out["parked events"] = stray.get(EventState.PARKED, 0)
    result.left_out["events that opened nothing"] = stray.get(EventState.IGNORED, 0)
    return result


class _Lost(Exception):
    """An incident that cannot be replayed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _happened(
    core: Core, connection: Connection, life: PastIncident, staff: frozenset[str]
) -> Sequence[PastEvent | PastAction]:
    """Return an incident's events and actions by time. Raises _Lost."""
    if life.is_drill:
        raise _Lost("drills")
    past_events = list(_past_events(core, connection, life, staff))
    if not past_events:
        raise _Lost("incidents without events of their own")
    actions = [act for incident_id in life.ids for act in _acts(connection, incident_id)]
    return sorted([*past_events, *actions], key=lambda entry: entry.at)


def _past_events(core: Core, connection: Connection, life: PastIncident, staff: frozenset[str]) -> Iterator[PastEvent]:
    is_first = True
    for event in event_history.events_of(connection, life.ids):
        if event.sealed_body is None:
            raise _Lost("incidents whose content is deleted")
        try:
            observation = observe(core.seal.open(event.sealed_body), event.received_at, staff)
        except (ContentLocked, InvalidEvent) as error:
            raise _Lost("incidents whose content cannot be decrypted") from error
        if observation is not None:
            yield PastEvent(
                event.received_at + (WAIT_FOR_ITEM if observation.waits and is_first else timedelta(0)), observation
            )
            is_first = is_first and observation.waits


def _acts(connection: Connection, incident_id: Any) -> Iterator[PastAction]:
    for row in audit_log.of_incident(connection, incident_id):
        verb = _ACTS.get(AuditAction(row.action))
        if verb is not None and row.actor_kind in _PEOPLE:
            yield _acted(row, verb)


def _acted(row: Row[Any], verb: Verb) -> PastAction:
    after = json.loads(row.after)
    outcome = Outcome(after["outcome"]) if "outcome" in after else None
    minutes = int(after["minutes"]) if "minutes" in after else None
    return PastAction(row.recorded_at, verb, row.actor_key, row.via, minutes, after.get("to"), outcome)


def _until(life: PastIncident, happened: Sequence[PastEvent | PastAction], now: datetime) -> datetime:
    """Return when to stop: at its real end, if a person took part, else after an hour."""
    times = [action.at for action in happened if isinstance(action, PastAction)]
    if times and life.closed_at is not None:
        return life.closed_at
    last = max(times, default=happened[0].at) + FOLLOWED
    return min(last, life.closed_at or now, now)
