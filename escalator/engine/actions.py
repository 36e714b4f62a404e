"""Apply what people do to an incident: one function for each verb of RULES 3. The result is a Change or a Refusal."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from escalator.engine.acknowledgement import (
    add_acknowledgement,
    apply_acknowledgements,
    assign_owner,
    close,
    missing_acknowledgements,
    reopen,
    request_another,
    start_resolve_clock,
)
from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.exposure_limits import RevealRequest, is_asked_to_stop
from escalator.engine.incident_change import Change, ChangeDraft, PolicyPair
from escalator.engine.permissions import Refusal, RefusalReason, check_permission, may_show_pictures
from escalator.engine.rounds import begin_round, fire_next_step, next_round, spend_reviews
from escalator.engine.snooze import SNOOZE_CHOICES_MIN, snooze_refusal
from escalator.engine.steps import next_send, set_next_deadline, skip_repeats
from escalator.engine.stream_actions import NewStreamAction, request_stream_action
from escalator.engine.takeover import takeover_refusal
from escalator.model.audit import Actor, AuditAction
from escalator.model.incident import HELD_STATES, UNACKNOWLEDGED_STATES, DueKind, Incident, Outcome, State, Verb
from escalator.model.message import Occasion
from escalator.model.policy import Person

MAX_EXTENSIONS = 4
_VALID_WHEN_OUT_OF_DATE = frozenset({Verb.ACKNOWLEDGE, Verb.TAKE_OVER})


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """An action that somebody requests. `seen` is the (round, fence) of the button, None where there was no button;
    `note` is the id of the note they wrote. `is_in_dashboard`: the text is shown in the dashboard, and nowhere else."""

    verb: Verb
    person: Person
    via: str
    seen: tuple[int, int] | None = None
    outcome: Outcome | None = None
    reference: str | None = None
    minutes: int | None = None
    to: str | None = None
    note: str | None = None
    reading: RevealRequest | None = None
    stream_action: NewStreamAction | None = None
    is_in_dashboard: bool = False

    def is_out_of_date(self, incident: Incident) -> bool:
        """Whether the button shows an older state of the incident."""
        return self.seen is not None and self.seen != (incident.round, incident.fence)


def apply_action(act: ActionRequest, incident: Incident, rules: PolicyPair, now: datetime) -> Change | Refusal:
    """Return what this action changes, or why it is refused."""
    not_permitted = check_permission(act.verb, act.person, incident, rules.running, is_in_dashboard=act.is_in_dashboard)
    refusal = not_permitted or _refusal_by_state(act, incident)
    if refusal is not None:
        return refusal
    kind = "person" if act.person.key in rules.running.people else "stranger"
    draft = ChangeDraft(incident, rules, now, Actor(kind, act.person.key), act.via)
    refusal = _HANDLERS[act.verb](draft, act)
    if refusal is not None and draft.incident == incident:
        return refusal
    return replace(draft.to_change(), note=refusal)


def _refusal_by_state(act: ActionRequest, incident: Incident) -> Refusal | None:
    if incident.state is State.MERGED:
        return Refusal(RefusalReason.MERGED)
    if act.verb is Verb.NOTE:
        # A note stays true although the incident has changed while it was written.
        return None
    if incident.state is State.RESOLVED and act.verb is not Verb.REOPEN:
        return Refusal(RefusalReason.RESOLVED, by=incident.closed_by, at=incident.closed_at)
    if act.verb not in _VALID_WHEN_OUT_OF_DATE and act.is_out_of_date(incident):
        return Refusal(RefusalReason.STALE, by=incident.owner, at=incident.acknowledged_at)
    return None


def _acknowledge(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    incident = draft.incident
    if incident.state is State.LOGGED:
        return Refusal(RefusalReason.NOT_NOW)
    if incident.state not in UNACKNOWLEDGED_STATES:
        return Refusal(RefusalReason.ALREADY_TAKEN, by=incident.owner, at=incident.acknowledged_at)
    if not add_acknowledgement(draft, act.person.key, act.verb.value):
        earlier = next(answer for answer in incident.acknowledgements if answer.person == act.person.key)
        return Refusal(RefusalReason.ALREADY_ANSWERED, by=earlier.person, at=earlier.acknowledged_at)
    if missing_acknowledgements(draft.incident):
        request_another(draft)
    else:
        apply_acknowledgements(draft)
    return None


def _release(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    if draft.incident.state not in HELD_STATES:
        return Refusal(RefusalReason.NOT_NOW)
    draft.record(AuditAction.RELEASED, owner=draft.incident.owner or "")
    draft.put(owner=None, waiting_since=draft.now, snoozes=0)
    begin_round(draft, act.verb.value)
    return None


def _count_as_acknowledgement(draft: ChangeDraft, act: ActionRequest) -> bool:
    """Count the action as an acknowledgement too; return False when another person's is needed before it can be
    done.
    """
    if draft.incident.state not in UNACKNOWLEDGED_STATES:
        return True
    add_acknowledgement(draft, act.person.key, act.verb.value)
    if not missing_acknowledgements(draft.incident):
        return True
    request_another(draft)
    return False


def _resolve(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    outcome = Outcome.NO_VIOLATION if act.verb is Verb.FALSE_ALARM else act.outcome or Outcome.ACTION_TAKEN
    if outcome is Outcome.REFERRED and not (act.reference or "").strip():
        return Refusal(RefusalReason.NO_REFERENCE)
    is_waiting = draft.incident.state in UNACKNOWLEDGED_STATES
    if not _count_as_acknowledgement(draft, act):
        return Refusal(RefusalReason.ONE_MORE_NEEDED)
    if is_waiting:
        assign_owner(draft, act.person.key)
    close(draft, outcome, act.person.key, act.reference)
    return None


def _snooze(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    """Pause the path. Only a release, an escalation or the resolution resets the count of snoozes in a row. An
    acknowledgement does not, or one person could keep everybody else away by alternating the two.
    """
    minutes = SNOOZE_CHOICES_MIN[0] if act.minutes is None else act.minutes
    refusal = snooze_refusal(draft.incident, act.person, minutes, draft.rules.running)
    if refusal is not None:
        return refusal
    if not _count_as_acknowledgement(draft, act):
        return Refusal(RefusalReason.ONE_MORE_NEEDED)
    incident = draft.incident
    taken_at = incident.acknowledged_at or draft.now
    draft.put(state=State.SNOOZED, owner=act.person.key, acknowledged_at=taken_at, snoozes=incident.snoozes + 1)
    draft.set_deadline(DueKind.SNOOZE_END, draft.now + timedelta(minutes=minutes))
    draft.suppress = "snoozed"
    draft.record(AuditAction.SNOOZED, minutes=str(minutes))
    return None


def _hand_over(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    """Hand over to somebody who may acknowledge, and notify them; the path goes on until they acknowledge."""
    incident, running = draft.incident, draft.rules.running
    person = running.people.get(act.to or "")
    if incident.state not in HELD_STATES or person is None:
        return Refusal(RefusalReason.NOT_NOW)
    if check_permission(Verb.ACKNOWLEDGE, person, incident, running) is not None:
        return Refusal(RefusalReason.NOT_NOW)
    draft.record(AuditAction.HANDED_OVER, to=person.key)
    _keep_place(draft, act.verb.value)
    draft.put(owner=person.key, snoozes=0)
    draft.notify(Occasion.HAND_OVER, (PERSON_PREFIX + person.key,))
    return None


def _take_over(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    """Make the person who asks the owner, with a new second deadline. At no moment is the incident without an owner."""
    incident = draft.incident
    if incident.state in UNACKNOWLEDGED_STATES:
        return _acknowledge(draft, act)
    if incident.state not in HELD_STATES:
        return Refusal(RefusalReason.NOT_NOW)
    if incident.owner == act.person.key:
        return Refusal(RefusalReason.ALREADY_TAKEN, by=incident.owner, at=incident.acknowledged_at)
    is_out_of_date = act.is_out_of_date(incident)
    reason = takeover_refusal(incident, act.person, draft.rules, draft.now, is_out_of_date=is_out_of_date)
    if reason is not None:
        return Refusal(reason, by=incident.owner, at=incident.acknowledged_at)
    draft.record(AuditAction.TAKEN_OVER, owner=incident.owner or "")
    add_acknowledgement(draft, act.person.key, act.verb.value)
    draft.put(
        state=State.ACKNOWLEDGED, owner=act.person.key, acknowledged_at=draft.now, restarts=0, extensions=0, snoozes=0
    )
    start_resolve_clock(draft)
    return None


def _keep_place(draft: ChangeDraft, reason: str) -> None:
    """Start a round that continues at the present step; the step's delay begins again."""
    spend_reviews(draft)
    next_round(draft, reason)
    draft.put(state=State.TRIGGERED, waiting_since=draft.now)
    set_next_deadline(draft)


def _escalate_now(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    """Fire the next step now. A logged incident begins on a path with steps, because a person asks for people."""
    draft.record(AuditAction.ESCALATED_NOW)
    draft.put(snoozes=0, restarts=0)
    skip_repeats(draft)
    if next_send(draft.incident, draft.path) is None:
        begin_round(draft, act.verb.value)
        return None
    if draft.incident.state is not State.TRIGGERED:
        _keep_place(draft, act.verb.value)
    fire_next_step(draft)
    return None


def _still_on_it(draft: ChangeDraft, _act: ActionRequest) -> Refusal | None:
    if draft.incident.state is not State.ACKNOWLEDGED:
        return Refusal(RefusalReason.NOT_NOW)
    if draft.incident.extensions >= MAX_EXTENSIONS:
        return Refusal(RefusalReason.TOO_OFTEN)
    draft.put(extensions=draft.incident.extensions + 1)
    draft.record(AuditAction.STILL_ON_IT, extensions=str(draft.incident.extensions))
    start_resolve_clock(draft)
    return None


def _reveal(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    """Record that somebody is shown the text, a line of it or a picture.

    Above the exposure limit they are asked to stop first.
    """
    if draft.incident.is_group:
        return Refusal(RefusalReason.OF_A_GROUP)
    reveal = act.reading
    is_over = reveal is not None and is_asked_to_stop(draft.incident.severity, reveal.burden, draft.rules.running)
    if is_over and reveal is not None and not reveal.is_insisted:
        return Refusal(RefusalReason.OVER_LIMIT)
    if reveal is not None and reveal.picture is not None and not may_show_pictures(draft.incident, draft.rules.running):
        return Refusal(RefusalReason.WITHHELD)
    place = _place_of(reveal) if reveal is not None else {}
    draft.record(AuditAction.REVEALED, RefusalReason.OVER_LIMIT.value if is_over else "", **place)
    return None


def _place_of(reveal: RevealRequest) -> dict[str, str]:
    """Return which line or picture is shown, and of how many; empty for all of a text."""
    for what, place in (("picture", reveal.picture), ("line", reveal.line)):
        if place is not None and place[1]:
            return {what: str(place[0]), "of": str(place[1])}
    return {}


def _reopen(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    if draft.incident.state is not State.RESOLVED:
        return Refusal(RefusalReason.NOT_NOW)
    reopen(draft, act.verb.value)
    return None


def _note(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    draft.record(AuditAction.NOTED, reason_id=act.note or "")
    return None


def _stream_action(draft: ChangeDraft, act: ActionRequest) -> Refusal | None:
    """Ask for an action in Stream, or approve it. Whoever asks has acknowledged the incident by that."""
    if act.stream_action is None:
        return Refusal(RefusalReason.NOT_OFFERED)
    refusal = request_stream_action(draft, act.person, act.stream_action)
    if refusal is None and draft.incident.state is State.TRIGGERED and _count_as_acknowledgement(draft, act):
        apply_acknowledgements(draft)
    return refusal


_HANDLERS: dict[Verb, Callable[[ChangeDraft, ActionRequest], Refusal | None]] = {
    Verb.ACKNOWLEDGE: _acknowledge,
    Verb.RELEASE: _release,
    Verb.RESOLVE: _resolve,
    Verb.FALSE_ALARM: _resolve,
    Verb.SNOOZE: _snooze,
    Verb.HAND_OVER: _hand_over,
    Verb.TAKE_OVER: _take_over,
    Verb.ESCALATE_NOW: _escalate_now,
    Verb.STILL_ON_IT: _still_on_it,
    Verb.REVEAL: _reveal,
    Verb.REOPEN: _reopen,
    Verb.NOTE: _note,
    Verb.STREAM_ACTION: _stream_action,
}
