"""Sends of steps: which is next, when it is due, whom it notifies, and which silence replaces it."""

from datetime import timedelta
from typing import NamedTuple

from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.hours import step_fires_at
from escalator.engine.incident_change import ChangeDraft
from escalator.engine.permissions import allowed_people, people_who_may_acknowledge
from escalator.engine.silences import active_silence, is_silenced
from escalator.engine.targets import last_resort_targets
from escalator.model.audit import SYSTEM, AuditAction
from escalator.model.incident import DueKind, Incident
from escalator.model.levels import Severity
from escalator.model.message import Occasion
from escalator.model.policy import Policy, Step
from escalator.model.silence import Silence

SILENCE_FROM_FILE = "file"
"""What a record names a silence of the policy file, which has no id."""

MAX_RESTART_DELAY = timedelta(days=1)


class StepSend(NamedTuple):
    """One send of one step: `step` is an index, `sending` counts from 1."""

    step: int
    sending: int


FIRST_SEND = StepSend(0, 1)


def next_send(incident: Incident, path: tuple[Step, ...]) -> StepSend | None:
    """Return the send after the one that fired last, or None at the end of the path."""
    current = incident.step
    if 0 <= current < len(path) and incident.send_number <= path[current].repeat:
        return StepSend(current, incident.send_number + 1)
    return StepSend(current + 1, 1) if current + 1 < len(path) else None


def restart_delay(incident: Incident, policy: Policy) -> timedelta:
    """Return how long a path that ended waits before it restarts; below critical it doubles each time, up to a day."""
    wait = policy.unanswered.restart_after
    if incident.severity is Severity.CRITICAL:
        return wait
    doublings = min(incident.restarts, 20)
    return max(wait, min(wait * (1 << doublings), MAX_RESTART_DELAY))


def send_unless_silenced(draft: ChangeDraft) -> None:
    """Send the present step, unless a silence replaces it; a silence replaces one step in a round."""
    silence = _silence_of(draft)
    if silence is None:
        _send(draft)
    else:
        _record_silenced(draft, silence)


def _send(draft: ChangeDraft) -> None:
    step, sending = draft.incident.step, draft.incident.send_number
    if is_silenced(draft.incident):
        draft.put(silenced_step=None)
    if (step, sending) > FIRST_SEND:
        draft.put(escalated_at=draft.incident.escalated_at or draft.now)
    result = draft.notify(Occasion.STEP, draft.path[step].notify)
    draft.record(AuditAction.STEP_FIRED, step=str(step + 1), sending=str(sending), told=str(result.recipients))
    if not result.responders:
        _reach_nobody(draft)
    elif result.unattended and step + 1 < len(draft.path):
        skip_repeats(draft)
    set_next_deadline(draft, at_once=not result.responders or bool(result.unattended))


def _silence_of(draft: ChangeDraft) -> Silence | None:
    """Return the silence that replaces this step. What a person asks for is never silenced."""
    incident = draft.incident
    if draft.actor.kind != SYSTEM.kind or incident.silenced_step not in {None, incident.step}:
        return None
    return active_silence(incident, draft.rules.silences, draft.rules.running, draft.now)


def _record_silenced(draft: ChangeDraft, silence: Silence) -> None:
    """Notify nobody, but go on as after a send: not beyond the end of the silence, nor of the path."""
    step, sending = draft.incident.step, draft.incident.send_number
    draft.put(silenced_step=step)
    silence_id, until = str(silence.id or SILENCE_FROM_FILE), silence.ends_at.isoformat()
    draft.record(AuditAction.STEP_SILENCED, step=str(step + 1), sending=str(sending), silence=silence_id, until=until)
    set_next_deadline(draft)
    next_at = draft.incident.due_at
    if step + 1 == len(draft.path) or next_at is None or next_at > silence.ends_at:
        draft.set_deadline(DueKind.SILENCE_END, silence.ends_at)


def send_after_silence(draft: ChangeDraft) -> None:
    """Send the silenced step now that its silence is over, or as soon as its hours are open."""
    opens_at = step_fires_at(draft.path[draft.incident.step], draft.now, draft.rules.frozen)
    if opens_at > draft.now:
        draft.set_deadline(DueKind.SILENCE_END, opens_at)
    else:
        send_unless_silenced(draft)


def send_if_silence_no_longer_matches(draft: ChangeDraft) -> None:
    """Send a silenced step at once when its silence no longer matches, such as after a higher severity."""
    due_at = draft.incident.due_at
    is_waiting = is_silenced(draft.incident) and due_at is not None and due_at > draft.now
    if is_waiting and _silence_of(draft) is None:
        _send(draft)


def _reach_nobody(draft: ChangeDraft) -> None:
    """Skip the repeats of a step that notifies nobody who may acknowledge; at the end of the path notify the alarms.

    If none of those may acknowledge, notify everybody who may, on call or not; if nobody may, all who may see it.
    """
    draft.record(AuditAction.STEP_REACHED_NOBODY, step=str(draft.incident.step + 1))
    skip_repeats(draft)
    if next_send(draft.incident, draft.path) is None:
        result = draft.notify(Occasion.STEP, last_resort_targets(draft.rules.running))
        if not result.responders:
            running = draft.rules.running
            people = [person.key for person in people_who_may_acknowledge(draft.incident, running)]
            people = people or sorted(allowed_people(draft.incident, running) or ())
            draft.notify(Occasion.STEP, [PERSON_PREFIX + key for key in people])


def skip_repeats(draft: ChangeDraft) -> None:
    """Make the next send the first of the next step."""
    step = draft.path[draft.incident.step] if 0 <= draft.incident.step < len(draft.path) else None
    draft.put(send_number=step.repeat + 1 if step else 0)


def set_next_deadline(draft: ChangeDraft, *, at_once: bool = False) -> None:
    """Set the deadline after a send, for when the hours of the next step are open.

    `at_once` leaves out the delay before the next step, after one that reached nobody or for which nobody is on call;
    never the delay before a repeat or a restart.
    """
    policy, send = draft.rules.frozen, next_send(draft.incident, draft.path)
    if send is None:
        draft.set_deadline(DueKind.RESTART, draft.now + restart_delay(draft.incident, policy))
        return
    step = draft.path[send.step]
    is_hurried = at_once and send.sending == 1
    falls_due = draft.now if is_hurried else draft.now + step.after
    draft.set_deadline(DueKind.STEP, step_fires_at(step, falls_due, policy))
