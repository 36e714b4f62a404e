"""What becomes of a call to Stream: done, failed for good, or tried again; and what that changes on the incident."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from escalator.channels.stream.review_item import ReviewItem
from escalator.channels.stream.submit_action import DoneInStream
from escalator.engine.incident_change import Change
from escalator.engine.stream_actions import PartResult, apply_part_result, expire_proposal, record_told_stream
from escalator.errors import Conflict
from escalator.metrics import STREAM_CALLS
from escalator.model.incident import Incident
from escalator.model.message import Failed, FailureReason
from escalator.model.stream_action_rule import part_kind
from escalator.ports import CALL_STREAM
from escalator.services.core.context import Core
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import UnitOfWork, unit_of_work
from escalator.store import incidents, stream_calls
from escalator.store.stream_calls import NOT_KNOWN, CallState, StreamCall

ASYNC_WAIT = timedelta(seconds=10)
"""Stream may write what was done a while after it answered (`async_review_queue_upsert`)."""

NEW_ITEM = timedelta(seconds=60)
_LEAST_WAIT, _MOST_WAIT, _MOST_PAUSE = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
_FINAL = frozenset(
    {
        FailureReason.BAD_MESSAGE,
        FailureReason.FORBIDDEN,
        FailureReason.NOT_SUPPORTED,
        FailureReason.NOT_CONFIGURED,
        FailureReason.GONE,
    }
)
_NOT_DONE = frozenset({FailureReason.RATE_LIMITED, FailureReason.PACED, FailureReason.BAD_CREDENTIALS})
ALREADY_DONE = "already_done"
DIVERTED = "diverted"
ESCALATION_QUEUE_OFF = "escalation_queue_off"
NO_LONGER_ALLOWED = "no_longer_allowed"
NO_LONGER_THERE = "no_longer_there"
SANDBOX_NOW = "sandbox_now"
TOO_LATE = "too_late"


def incident_of_call(incident_id: UUID, read: Callable[[list[UUID]], Mapping[UUID, Incident]]) -> Incident:
    """Return the incident of a call, or the one that it was merged into since."""
    incident = read([incident_id])[incident_id]
    while incident.merged_into is not None:
        incident = read([incident.merged_into])[incident.merged_into]
    return incident


def note_failure(core: Core, call: StreamCall, failed: Failed, *, is_sent: bool, is_read: bool = False) -> None:
    """Fail for good, or try again later; where the result is unknown, the next try reads the item first.

    `is_sent`: the action may have reached Stream. `is_read`: it was not the action that failed, but a look at the item.
    """
    now = core.clock.now()
    is_gone = failed.reason is FailureReason.BAD_TARGET and now - call.created_at >= NEW_ITEM
    if is_gone or failed.reason in _FINAL:
        reason = NO_LONGER_THERE if is_gone else failed.reason.value
        finish_call(core, call, is_done=False, reason=NOT_KNOWN if is_read and is_sent else reason)
    else:
        try_again(core, call, failed, is_unknown=is_sent and (is_read or failed.reason not in _NOT_DONE))


def try_again(core: Core, call: StreamCall, failed: Failed, *, is_unknown: bool = True) -> None:
    """Let a call be due later: soon at first, each minute at last, and not before Stream wants it."""
    now = core.clock.now()
    wait = min(_LEAST_WAIT * (1 << min(call.claim_number, 10)), _MOST_WAIT)
    if is_unknown:
        wait = max(wait, ASYNC_WAIT)
    if failed.retry_after is not None:
        wait = min(max(wait, failed.retry_after), _MOST_PAUSE)
    state = CallState.UNKNOWN if is_unknown else CallState.NEW
    if call.state is CallState.PROPOSED:
        state = CallState.PROPOSED
    reason = f"{failed.reason.value}: {failed.detail}" if failed.detail else failed.reason.value
    until = min(now + wait, max(call.expires_at, now + _LEAST_WAIT))
    with core.database.writing() as connection:
        is_ours = stream_calls.put_off(connection, call, state, until, reason[:256])
    if is_ours:
        _count(core, call, "unknown" if is_unknown else "retried")
    core.queue.publish_at(until, CALL_STREAM)


def finish_call(
    core: Core,
    call: StreamCall,
    *,
    is_done: bool,
    reason: str = "",
    done: DoneInStream | None = None,
    item: ReviewItem | None = None,
) -> None:
    """Write the result, and what it changes on the incident, in one transaction."""
    now = core.clock.now()
    if done is not None and done.by != call.user_id:
        reason = ALREADY_DONE
    state = CallState.DONE if is_done else CallState.FAILED
    known: dict[str, object] = {"stream_action_id": done.action_id} if done else {}
    known |= {"stream_answered_at": (item and item.at) or now}
    try:
        with unit_of_work(core) as work:
            running = core.policies.required(work.connection)
            incident = incident_of_call(call.incident_id, partial(incidents.lock, work.connection, seal=core.seal))
            rules = rules_for(core, work.connection, incident, running)
            change: Change | None
            if not call.action_key:
                change = record_told_stream(incident, rules, now, reason, is_done=is_done)
            else:
                result = PartResult(call.action_id, call.position, is_done=is_done, reason=reason)
                change = apply_part_result(incident, result, rules, now)
            if change is not None:
                work.apply([Decision(incident, change)], running, now)
            _end(work, call, state, now, reason=reason, **known)
    except Conflict:
        return
    _count(core, call, reason if reason == ALREADY_DONE else state.value)


def cancel_call(core: Core, call: StreamCall) -> None:
    """End a call that nobody wants any more."""
    with core.database.writing() as connection:
        stream_calls.end(connection, call, CallState.CANCELLED, core.clock.now())


def _end(work: UnitOfWork, call: StreamCall, state: CallState, now: datetime, **values: object) -> None:
    """Record the end; raises Conflict, which undoes the transaction, if another process has the call by now.

    It comes last, because calls are locked after all else.
    """
    if not stream_calls.end(work.connection, call, state, now, **values):
        raise Conflict("another process has the call")


def _count(core: Core, call: StreamCall, outcome: str) -> None:
    """Count an outcome. All custom actions are one part, as their ids are anybody's."""
    core.metrics.count(STREAM_CALLS, part=part_kind(call.part).value, outcome=outcome)


def end_proposal(core: Core, call: StreamCall) -> None:
    """End a proposal that nobody approved in time, or that was withdrawn."""
    now = core.clock.now()
    with suppress(Conflict), unit_of_work(core) as work:
        running = core.policies.required(work.connection)
        incident = incident_of_call(call.incident_id, partial(incidents.lock, work.connection, seal=core.seal))
        change = expire_proposal(incident, call.action_id, rules_for(core, work.connection, incident, running), now)
        if change is not None:
            work.apply([Decision(incident, change)], running, now)
        _end(work, call, CallState.CANCELLED, now)
