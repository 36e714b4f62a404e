"""Carry out in Stream what people have asked for: each call is stored first, and read back before it is made again.

A call: read the item; if it is done already, that is all. Record the attempt. Act. Whatever then happens, the result is
known, or the next try reads the item first. Nothing is done twice, and nothing is said to be done that is not.
"""

from dataclasses import dataclass
from functools import partial

import structlog

from escalator.channels.stream.app import read_app
from escalator.channels.stream.client import StreamApi
from escalator.channels.stream.review_item import ReviewItem, read_item
from escalator.channels.stream.submit_action import (
    Act,
    DoneInStream,
    done_by_others,
    done_by_us,
    request_body,
    submit,
)
from escalator.clock import Stopwatch
from escalator.engine.stream_actions import is_wanted, may_still_act
from escalator.errors import Unavailable
from escalator.model.incident import Incident
from escalator.model.levels import Mode
from escalator.model.message import Failed, FailureReason
from escalator.model.policy import Policy, Source
from escalator.model.stream_action_rule import PartKind
from escalator.ports import CALL_STREAM
from escalator.rendering.push_text import words
from escalator.services.core.context import Core
from escalator.services.stream.call_results import (
    DIVERTED,
    ESCALATION_QUEUE_OFF,
    NO_LONGER_ALLOWED,
    SANDBOX_NOW,
    TOO_LATE,
    cancel_call,
    end_proposal,
    finish_call,
    incident_of_call,
    note_failure,
    try_again,
)
from escalator.services.stream.clients import client_of
from escalator.services.stream.escalation_queue import is_escalation_queue_on
from escalator.store import incidents, stream_calls
from escalator.store.stream_calls import NOT_KNOWN, CallState, StreamCall

log = structlog.get_logger(__name__)

MOST_S = 20.0


def carry_out_calls(core: Core) -> None:
    """Make the calls that are due, one after another, for some seconds; queue the rest. Raises Unavailable."""
    watch = Stopwatch()
    while watch.seconds() < MOST_S:
        if not _carry_out_next(core):
            return
    core.queue.publish(CALL_STREAM)


def _carry_out_next(core: Core) -> bool:
    now = core.clock.now()
    with core.database.reading() as connection:
        if not stream_calls.has_due(connection, now):
            return False
    with core.database.writing() as connection:
        call = stream_calls.claim_next(connection, now, core.id, core.heartbeat_timeout(now))
    if call is None:
        return False
    try:
        _carry_out(core, call)
    except Unavailable:
        raise
    except Exception as error:
        log.exception("stream_call_failed", call=str(call.id))
        try_again(core, call, Failed(FailureReason.UNKNOWN, type(error).__name__))
    return True


def _carry_out(core: Core, call: StreamCall) -> None:
    if call.state is CallState.PROPOSED:
        end_proposal(core, call)
    elif call.is_confirmed:
        finish_call(core, call, is_done=True)
    elif core.clock.now() >= call.expires_at:
        finish_call(core, call, is_done=False, reason=NOT_KNOWN if call.may_be_done else TOO_LATE)
    else:
        _make(core, call)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a call is about: the incident, the policies of the request and of now, and the mode that holds now."""

    incident: Incident
    policy: Policy
    running: Policy
    source: Source | None
    mode: Mode


def _subject(core: Core, call: StreamCall) -> _Subject:
    with core.database.reading() as connection:
        running = core.policies.required(connection)
        incident = incident_of_call(call.incident_id, partial(incidents.read, connection, seal=core.seal))
        policy = core.policies.version(connection, call.policy_version_id)
    mode = min(call.mode, core.mode_for(incident, running.policy))
    return _Subject(incident, policy, running.policy, running.policy.sources.get(call.source), mode)


def _make(core: Core, call: StreamCall) -> None:
    subject = _subject(core, call)
    if call.action_key and not is_wanted(subject.incident, call.action_id, call.position):
        cancel_call(core, call)
        return
    why_not = _why_not(call, subject)
    if why_not or subject.source is None:
        finish_call(core, call, is_done=False, reason=NOT_KNOWN if call.may_be_done else why_not)
        return
    is_played = subject.mode is Mode.SANDBOX
    api = core.sandbox_stream(call.source) if is_played else client_of(core, subject.source)
    if not (is_played or call.action_key or call.attempts or _is_shown(core, call, api)):
        return
    item = read_item(api, call.item_id)
    if isinstance(item, Failed):
        note_failure(core, call, item, is_sent=call.may_be_done, is_read=True)
        return
    act = _act(core, call, subject)
    done = _is_done(call, act, item)
    if done is not None:
        finish_call(core, call, is_done=True, done=done, item=item)
    elif call.attempts and act.kind is PartKind.CUSTOM and not item.actions:
        _repeat_custom(core, call, api, act, item)
    else:
        _act_on(core, call, api, act, item)


def _why_not(call: StreamCall, subject: _Subject) -> str:
    """Return why a call must not be made; empty where it may. One that was tried is followed up, whatever changed."""
    if subject.source is None:
        return FailureReason.NOT_CONFIGURED.value
    if subject.mode is Mode.DIVERT:
        return DIVERTED
    if subject.mode is Mode.SANDBOX and call.mode is not Mode.SANDBOX:
        return SANDBOX_NOW
    if not call.action_key or call.attempts:
        return ""
    person, rule = subject.running.people.get(call.person), subject.policy.actions.get(call.action_key)
    may = call.user_id and may_still_act(person, rule, subject.incident, subject.running)
    return "" if may else NO_LONGER_ALLOWED


def _is_shown(core: Core, call: StreamCall, api: StreamApi) -> bool:
    """Whether Stream would show an escalation of ours to anybody; if not, or if it does not say, the call ends here."""
    answer = is_escalation_queue_on(core, call.source, api)
    if isinstance(answer, Failed):
        note_failure(core, call, answer, is_sent=False)
    elif not answer:
        finish_call(core, call, is_done=False, reason=ESCALATION_QUEUE_OFF)
    return answer is True


def _repeat_custom(core: Core, call: StreamCall, api: StreamApi, act: Act, item: ReviewItem) -> None:
    """Make a custom action again only if the app keeps an action log: else nobody knows whether it was done before."""
    app = read_app(api)
    if isinstance(app, Failed):
        note_failure(core, call, app, is_sent=call.may_be_done, is_read=True)
    elif app.preferences.get("disable_audit_logs"):
        finish_call(core, call, is_done=False, reason=NOT_KNOWN)
    else:
        _act_on(core, call, api, act, item)


def _is_done(call: StreamCall, act: Act, item: ReviewItem) -> DoneInStream | None:
    ours = done_by_us(act, item, call.stream_sent_at) if call.attempts and call.stream_sent_at else None
    return ours or done_by_others(act, item)


def _act_on(core: Core, call: StreamCall, api: StreamApi, act: Act, item: ReviewItem) -> None:
    body = request_body(act, item)
    if isinstance(body, Failed):
        note_failure(core, call, body, is_sent=False)
        return
    sent_at = item.at or core.clock.now()
    with core.database.writing() as connection:
        is_ours = stream_calls.note_attempt(connection, call, sent_at)
    if not is_ours:
        return
    answer = submit(api, body)
    if isinstance(answer, Failed):
        note_failure(core, call, answer, is_sent=True)
        return
    found = done_by_us(act, answer, call.stream_sent_at or sent_at)
    finish_call(core, call, is_done=True, done=found or DoneInStream(act.user_id), item=answer)


def _act(core: Core, call: StreamCall, subject: _Subject) -> Act:
    """Return the act. What is written beside it is our number, and what the policy says; never content or a title."""
    incident, now = subject.incident, core.clock.now()
    rule = subject.policy.actions.get(call.action_key)
    is_service = subject.source is not None and subject.source.acts_as_service
    number = f"#{incident.number} by {call.person}" if call.person and is_service else f"#{incident.number}"
    reason = f"{rule.reason} ({number})" if rule and rule.reason else number
    if call.person:
        return Act(call.part, call.user_id, rule, reason, severity=incident.severity.value)
    waited = words(now - (incident.waiting_since or incident.opened_at))
    link = f"{core.settings.base_url}/incidents/{incident.number}"
    notes = f"#{incident.number}, nobody acknowledged for {waited}, {link}"
    return Act(call.part, call.user_id, notes=notes, severity=incident.severity.value)
