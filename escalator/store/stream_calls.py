"""Calls that change something in Stream: stored before they are made, and claimed by one process.

A result counts only while the claim is its process's.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, and_, case, func, or_, select, text, update

from escalator.model.levels import Mode
from escalator.store.leases import is_lapsed, lapsed_since
from escalator.store.pipeline import changed_rows
from escalator.store.tables import stream_calls
from escalator.store.upserts import upsert

KEPT_FOR_RECOGNITION = timedelta(days=7)
"""How long a call is looked at for an event that names no item. Events about an item repeat its log for ever."""

NOT_KNOWN = "not_known"
"""Why a call failed that Stream may have carried out all the same."""


class CallState(StrEnum):
    """A proposed call waits for a second person; the result of an unknown one has to be asked for first."""

    PROPOSED = "proposed"
    NEW = "new"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_IS_WAITING = text("state IN ('proposed', 'new', 'sending', 'unknown')")
"""In the words of the index, which the databases use only for a condition without parameters."""


@dataclass(frozen=True, slots=True)
class StreamCall:
    """One call, as stored (see the table)."""

    id: UUID
    incident_id: UUID
    action_id: UUID
    position: int
    action_key: str
    part: str
    person: str
    policy_version_id: UUID
    source: str
    mode: Mode
    item_id: str
    user_id: str
    target_digest: str
    state: CallState
    created_at: datetime
    next_attempt_at: datetime
    expires_at: datetime
    attempts: int = 0
    claim_number: int = 0
    stream_sent_at: datetime | None = None
    stream_answered_at: datetime | None = None
    stream_action_id: str = ""
    is_confirmed: bool = False
    reason: str = ""

    @property
    def may_be_done(self) -> bool:
        """Whether Stream may have carried it out at an earlier try, as far as is known when it is claimed."""
        return self.attempts > 0 and self.state in {CallState.SENDING, CallState.UNKNOWN}


_FIELDS = tuple(StreamCall.__dataclass_fields__)
_COLUMNS = tuple(stream_calls.c[name] for name in _FIELDS)
_BEGUN_ANEW = ("state", "person", "user_id", "policy_version_id", "mode", "next_attempt_at", "expires_at")


def put(connection: Connection, calls: Iterable[StreamCall]) -> None:
    """Write calls. One that is there already (a proposal that is approved, a failed part tried again) begins anew.

    Whoever had claimed it meanwhile has lost it.
    """
    for call in calls:
        statement = upsert(connection, stream_calls).values({name: getattr(call, name) for name in _FIELDS})
        again: dict[str, Any] = {name: statement.excluded[name] for name in _BEGUN_ANEW}
        again |= {"ended_at": None, "reason": "", "is_confirmed": False}
        again["claim_number"] = stream_calls.c.claim_number + 1
        for name, fresh in (("stream_sent_at", None), ("attempts", 0)):
            is_unsure = stream_calls.c.reason == NOT_KNOWN
            again[name] = case((is_unsure, stream_calls.c[name]), else_=fresh)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["action_id", "position"],
                set_=again,
                where=stream_calls.c.state.in_([CallState.PROPOSED, CallState.FAILED]),
            )
        )


def has_due(connection: Connection, now: datetime) -> bool:
    """Whether a call may be due; cheap, and without a lock."""
    waiting = select(stream_calls.c.id).where(_IS_WAITING, stream_calls.c.next_attempt_at <= now)
    return connection.scalar(waiting.limit(1)) is not None


def claim_next(connection: Connection, now: datetime, process: UUID, heartbeat_timeout: timedelta) -> StreamCall | None:
    """Claim the call that has been due longest, if any; one that another process is making only after its lease."""
    is_free = or_(
        stream_calls.c.state.in_([CallState.PROPOSED, CallState.NEW, CallState.UNKNOWN]), is_lapsed(stream_calls)
    )
    due = (
        select(*_COLUMNS)
        .where(_IS_WAITING, stream_calls.c.next_attempt_at <= now, is_free)
        .order_by(stream_calls.c.next_attempt_at, stream_calls.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(due, lapsed_since(now, heartbeat_timeout)).first()
    if row is None:
        return None
    values = {"claimed_by": process, "claimed_at": now, "claim_number": row.claim_number + 1}
    if row.state != CallState.PROPOSED:
        values["state"] = CallState.SENDING
    connection.execute(update(stream_calls).where(stream_calls.c.id == row.id).values(values))
    return _call(row, claim_number=row.claim_number + 1)


def note_attempt(connection: Connection, call: StreamCall, stream_now: datetime | None) -> bool:
    """Record that the call is about to be made, with Stream's time at the first try; False if the claim was lost."""
    values: dict[str, Any] = {"attempts": call.attempts + 1}
    if call.stream_sent_at is None:
        values["stream_sent_at"] = stream_now
    return _write(connection, call, values)


def end(connection: Connection, call: StreamCall, state: CallState, now: datetime, **values: Any) -> bool:  # noqa: ANN401
    """Record a call's end; False if another process has it by now."""
    return _write(connection, call, {"state": state, "ended_at": now, **values})


def put_off(connection: Connection, call: StreamCall, state: CallState, until: datetime, reason: str) -> bool:
    """Let a call be due later; False if another process has it by now."""
    return _write(connection, call, {"state": state, "next_attempt_at": until, "reason": reason})


def _write(connection: Connection, call: StreamCall, values: dict[str, Any]) -> bool:
    mine = (stream_calls.c.id == call.id, stream_calls.c.claim_number == call.claim_number, _IS_WAITING)
    return changed_rows(connection, update(stream_calls).where(*mine).values(values)) > 0


def lock(connection: Connection, call_id: UUID) -> StreamCall | None:
    """Return a call, locked for the rest of the transaction."""
    row = connection.execute(select(*_COLUMNS).where(stream_calls.c.id == call_id).with_for_update()).first()
    return None if row is None else _call(row)


def made_on(
    connection: Connection, source: str, item_ids: Collection[str], target_digests: Collection[str], now: datetime
) -> Sequence[StreamCall]:
    """Return the calls that Stream may have carried out on these items, or lately on what these authors wrote."""
    tried = (
        stream_calls.c.source == source,
        stream_calls.c.attempts > 0,
        or_(
            stream_calls.c.state.in_([CallState.SENDING, CallState.UNKNOWN, CallState.DONE]),
            stream_calls.c.reason == NOT_KNOWN,
        ),
        or_(
            stream_calls.c.item_id.in_(item_ids),
            and_(
                stream_calls.c.target_digest.in_(target_digests),
                stream_calls.c.created_at > now - KEPT_FOR_RECOGNITION,
            ),
        ),
    )
    return [_call(row) for row in connection.execute(select(*_COLUMNS).where(*tried))]


def confirm(connection: Connection, call_ids: Collection[UUID], now: datetime) -> bool:
    """Record that these came back as events; return whether one of them was not known to be done."""
    confirmed = update(stream_calls).where(stream_calls.c.id.in_(call_ids), stream_calls.c.is_confirmed.is_(False))
    connection.execute(confirmed.values(is_confirmed=True))
    unknown = (stream_calls.c.id.in_(call_ids), stream_calls.c.state == CallState.UNKNOWN)
    return changed_rows(connection, update(stream_calls).where(*unknown).values(next_attempt_at=now)) > 0


class FailedPart(NamedTuple):
    """How many calls of one part failed for one reason."""

    part: str
    reason: str
    calls: int


def failed_since(connection: Connection, source: str, since: datetime) -> list[FailedPart]:
    """Return what has failed for good since then at a source, the most frequent first."""
    count = func.count()
    failed = (
        select(stream_calls.c.part, stream_calls.c.reason, count)
        .where(
            stream_calls.c.source == source,
            stream_calls.c.state == CallState.FAILED,
            stream_calls.c.ended_at >= since,
        )
        .group_by(stream_calls.c.part, stream_calls.c.reason)
        .order_by(count.desc(), stream_calls.c.part, stream_calls.c.reason)
    )
    return [FailedPart(*row) for row in connection.execute(failed)]


class OldestCall(NamedTuple):
    """The oldest call that is to be made, and why it has not been."""

    created_at: datetime
    part: str
    reason: str


def oldest_waiting(connection: Connection, source: str) -> OldestCall | None:
    """Return the oldest call of a source that is to be made; a proposal waits for a person, and does not count."""
    waiting = (
        select(stream_calls.c.created_at, stream_calls.c.part, stream_calls.c.reason)
        .where(_IS_WAITING, stream_calls.c.state != CallState.PROPOSED, stream_calls.c.source == source)
        .order_by(stream_calls.c.created_at)
        .limit(1)
    )
    row = connection.execute(waiting).first()
    return None if row is None else OldestCall(*row)


def _call(row: Row[Any], **changed: Any) -> StreamCall:  # noqa: ANN401
    values = dict(row._mapping) | {"state": CallState(row.state), "mode": Mode(row.mode)}
    return StreamCall(**values | changed)
