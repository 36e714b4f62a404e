"""What people do to an incident: one function for each verb of RULES 3, each a Change or a Refusal."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from escalator.engine.acknowledgement import (
    answers_missing,
    ask_one_more,
    close,
    conclude,
    count_answer,
    reopen,
    start_second_clock,
    take,
)
from escalator.engine.endpoints import PERSON
from escalator.engine.exposure_limits import Reading, asks_to_stop
from escalator.engine.incident_change import Change, Draft, Rules
from escalator.engine.permissions import Refusal, Refused, refusal
from escalator.engine.rounds import begin_round, fire_next, next_round, spend_reviews
from escalator.engine.snooze import SNOOZES_MIN, why_not_snooze
from escalator.engine.steps import following, skip_repeats, wait_for_next
from escalator.engine.takeover import why_not_take_over
from escalator.model.audit import Action, Actor
from escalator.model.incident import HELD, UNANSWERED, DueKind, Incident, Outcome, State, Verb
from escalator.model.message import Occasion
from escalator.model.policy import Person

EXTENSIONS_IN_A_ROW = 4
_COUNT_WHATEVER_THEY_SHOW = frozenset({Verb.ACKNOWLEDGE, Verb.TAKE_OVER})


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody wants to do. `seen` is the (round, fence) of the button, None where there was no button;
    `note` is the id of what they wrote. `is_in_dashboard`: a text is shown there, and nowhere else."""

    verb: Verb
    person: Person
    via: str
    seen: tuple[int, int] | None = None
    outcome: Outcome | None = None
    reference: str | None = None
    minutes: int | None = None
    to: str | None = None
    note: str | None = None
    reading: Reading | None = None
    is_in_dashboard: bool = False

    def is_out_of_date(self, incident: Incident) -> bool:
        """Whether the button is older than how the incident stands."""
        return self.seen is not None and self.seen != (incident.round, incident.fence)


def answer(act: Act, incident: Incident, rules: Rules, now: datetime) -> Change | Refusal:
    """Return what this act changes, or why it changes nothing."""
    may = refusal(act.verb, act.person, incident, rules.running, is_in_dashboard=act.is_in_dashboard)
    refused = may or _too_late(act, incident)
    if refused is not None:
        return refused
    kind = "person" if act.person.key in rules.running.people else "stranger"
    draft = Draft(incident, rules, now, Actor(kind, act.person.key), act.via)
    refused = _ACTS[act.verb](draft, act)
    if refused is not None and draft.incident == incident:
        return refused
    return replace(draft.done(), note=refused)


def _too_late(act: Act, incident: Incident) -> Refusal | None:
    if incident.state is State.MERGED:
        return Refusal(Refused.MERGED)
    if act.verb is Verb.NOTE:
        # What somebody knows is no less true because the incident has moved on while they wrote.
        return None
    if incident.state is State.RESOLVED and act.verb is not Verb.REOPEN:
        return Refusal(Refused.RESOLVED, by=incident.closed_by, at=incident.closed_at)
    if act.verb not in _COUNT_WHATEVER_THEY_SHOW and act.is_out_of_date(incident):
        return Refusal(Refused.STALE, by=incident.owner, at=incident.acknowledged_at)
    return None


def _acknowledge(draft: Draft, act: Act) -> Refusal | None:
    incident = draft.incident
    if incident.state is State.LOGGED:
        return Refusal(Refused.NOT_NOW)
    if incident.state not in UNANSWERED:
        return Refusal(Refused.ALREADY_TAKEN, by=incident.owner, at=incident.acknowledged_at)
    if not count_answer(draft, act.person.key, act.verb.value):
        earlier = next(given for given in incident.answers if given.person == act.person.key)
        return Refusal(Refused.ALREADY_ANSWERED, by=earlier.person, at=earlier.at)
    if answers_missing(draft.incident):
        ask_one_more(draft)
    else:
        conclude(draft)
    return None


def _release(draft: Draft, act: Act) -> Refusal | None:
    if draft.incident.state not in HELD:
        return Refusal(Refused.NOT_NOW)
    draft.record(Action.RELEASED, owner=draft.incident.owner or "")
    draft.put(owner=None, waiting_since=draft.now, snoozes=0)
    begin_round(draft, act.verb.value)
    return None


def _answered_enough(draft: Draft, act: Act) -> bool:
    """Count the act as an acknowledgement too; False when another person's is needed before the act can be done."""
    if draft.incident.state not in UNANSWERED:
        return True
    count_answer(draft, act.person.key, act.verb.value)
    if not answers_missing(draft.incident):
        return True
    ask_one_more(draft)
    return False


def _resolve(draft: Draft, act: Act) -> Refusal | None:
    outcome = Outcome.NO_VIOLATION if act.verb is Verb.FALSE_ALARM else act.outcome or Outcome.ACTION_TAKEN
    if outcome is Outcome.REFERRED and not (act.reference or "").strip():
        return Refusal(Refused.NO_REFERENCE)
    is_waiting = draft.incident.state in UNANSWERED
    if not _answered_enough(draft, act):
        return Refusal(Refused.ONE_MORE_NEEDED)
    if is_waiting:
        take(draft, act.person.key)
    close(draft, outcome, act.person.key, act.reference)
    return None


def _snooze(draft: Draft, act: Act) -> Refusal | None:
    """Pause the path. Only a release, an escalation or the end breaks the row of snoozes: an acknowledgement between
    two of them does not, or one person could keep everybody else away by turns.
    """
    minutes = SNOOZES_MIN[0] if act.minutes is None else act.minutes
    refused = why_not_snooze(draft.incident, act.person, minutes, draft.rules.running)
    if refused is not None:
        return refused
    if not _answered_enough(draft, act):
        return Refusal(Refused.ONE_MORE_NEEDED)
    incident = draft.incident
    taken_at = incident.acknowledged_at or draft.now
    draft.put(state=State.SNOOZED, owner=act.person.key, acknowledged_at=taken_at, snoozes=incident.snoozes + 1)
    draft.due(DueKind.SNOOZE_END, draft.now + timedelta(minutes=minutes))
    draft.suppress = "snoozed"
    draft.record(Action.SNOOZED, minutes=str(minutes))
    return None


def _hand_over(draft: Draft, act: Act) -> Refusal | None:
    """Give it to somebody who may answer it: they are told, and until they acknowledge the path goes on."""
    incident, running = draft.incident, draft.rules.running
    person = running.people.get(act.to or "")
    if incident.state not in HELD or person is None:
        return Refusal(Refused.NOT_NOW)
    if refusal(Verb.ACKNOWLEDGE, person, incident, running) is not None:
        return Refusal(Refused.NOT_NOW)
    draft.record(Action.HANDED_OVER, to=person.key)
    _keep_place(draft, act.verb.value)
    draft.put(owner=person.key, snoozes=0)
    draft.tell(Occasion.HAND_OVER, (PERSON + person.key,))
    return None


def _take_over(draft: Draft, act: Act) -> Refusal | None:
    """Give what somebody holds to who asks for it, without a moment in which nobody has it: the second clock anew."""
    incident = draft.incident
    if incident.state in UNANSWERED:
        return _acknowledge(draft, act)
    if incident.state not in HELD:
        return Refusal(Refused.NOT_NOW)
    if incident.owner == act.person.key:
        return Refusal(Refused.ALREADY_TAKEN, by=incident.owner, at=incident.acknowledged_at)
    is_out_of_date = act.is_out_of_date(incident)
    why_not = why_not_take_over(incident, act.person, draft.rules, draft.now, is_out_of_date=is_out_of_date)
    if why_not is not None:
        return Refusal(why_not, by=incident.owner, at=incident.acknowledged_at)
    draft.record(Action.TAKEN_OVER, owner=incident.owner or "")
    count_answer(draft, act.person.key, act.verb.value)
    draft.put(
        state=State.ACKNOWLEDGED, owner=act.person.key, acknowledged_at=draft.now, restarts=0, extensions=0, snoozes=0
    )
    start_second_clock(draft)
    return None


def _keep_place(draft: Draft, reason: str) -> None:
    """Start a round that goes on where the path stood; its step's delay begins anew."""
    spend_reviews(draft)
    next_round(draft, reason)
    draft.put(state=State.TRIGGERED, waiting_since=draft.now)
    wait_for_next(draft)


def _escalate_now(draft: Draft, act: Act) -> Refusal | None:
    """Fire the next step now. What is only logged begins on a path that tells somebody: a person asks for people."""
    draft.record(Action.ESCALATED_NOW)
    draft.put(snoozes=0, restarts=0)
    skip_repeats(draft)
    if following(draft.incident, draft.path) is None:
        begin_round(draft, act.verb.value)
        return None
    if draft.incident.state is not State.TRIGGERED:
        _keep_place(draft, act.verb.value)
    fire_next(draft)
    return None


def _still_on_it(draft: Draft, _act: Act) -> Refusal | None:
    if draft.incident.state is not State.ACKNOWLEDGED:
        return Refusal(Refused.NOT_NOW)
    if draft.incident.extensions >= EXTENSIONS_IN_A_ROW:
        return Refusal(Refused.TOO_OFTEN)
    draft.put(extensions=draft.incident.extensions + 1)
    draft.record(Action.STILL_ON_IT, extensions=str(draft.incident.extensions))
    start_second_clock(draft)
    return None


def _reveal(draft: Draft, act: Act) -> Refusal | None:
    """Record that somebody is shown the text, or a line of it. Who has read a lot is asked to stop, and may insist."""
    if draft.incident.is_group:
        return Refusal(Refused.OF_A_GROUP)
    read = act.reading
    is_over = read is not None and asks_to_stop(draft.incident.severity, read.burden, draft.rules.running)
    if is_over and read is not None and not read.is_insisted:
        return Refusal(Refused.OVER_LIMIT)
    line, of = (read and read.line) or (0, 0)
    place = {"line": str(line), "of": str(of)} if of else {}
    draft.record(Action.REVEALED, Refused.OVER_LIMIT.value if is_over else "", **place)
    return None


def _reopen(draft: Draft, act: Act) -> Refusal | None:
    if draft.incident.state is not State.RESOLVED:
        return Refusal(Refused.NOT_NOW)
    reopen(draft, act.verb.value)
    return None


def _note(draft: Draft, act: Act) -> Refusal | None:
    draft.record(Action.NOTED, reason_id=act.note or "")
    return None


_ACTS: dict[Verb, Callable[[Draft, Act], Refusal | None]] = {
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
}
