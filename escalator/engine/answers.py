"""What people do to an incident: one function for each verb of RULES 3, each a Change or a Refusal."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from escalator.engine.change import Change, Draft, Rules
from escalator.engine.rights import Refusal, Refused, refusal
from escalator.engine.rounds import begin_round, fire_next, following, next_round, skip_repeats, wait_for_next
from escalator.engine.targets import PERSON
from escalator.model.facts import Content
from escalator.model.incident import Answer, DueKind, Incident, Outcome, State, Verb
from escalator.model.message import Occasion
from escalator.model.policy import Person
from escalator.model.ranks import ContentRule, Severity
from escalator.model.records import Action, Actor

SNOOZES = (timedelta(minutes=15), timedelta(hours=1))
SNOOZES_IN_A_ROW = 2
EXTENSIONS_IN_A_ROW = 4
REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody wants to do. `seen` is the (round, fence) of the button, None where there was no button."""

    verb: Verb
    person: Person
    via: str
    seen: tuple[int, int] | None = None
    outcome: Outcome | None = None
    reference: str | None = None
    minutes: int | None = None
    to: str | None = None


def answer(act: Act, incident: Incident, rules: Rules, now: datetime) -> Change | Refusal:
    """Return what this act changes, or why it changes nothing."""
    refused = refusal(act.verb, act.person, incident, rules.running) or _too_late(act, incident)
    if refused is not None:
        return refused
    draft = Draft(incident, rules, now, Actor("person", act.person.key), act.via)
    refused = _ACTS[act.verb](draft, act)
    if refused is not None and draft.incident == incident:
        return refused
    return replace(draft.done(), note=refused)


def _too_late(act: Act, incident: Incident) -> Refusal | None:
    if incident.state is State.MERGED:
        return Refusal(Refused.MERGED)
    if incident.state is State.RESOLVED and act.verb is not Verb.REOPEN:
        return Refusal(Refused.RESOLVED, by=incident.closed_by, at=incident.closed_at)
    if act.verb is not Verb.ACKNOWLEDGE and act.seen is not None and act.seen != (incident.round, incident.fence):
        return Refusal(Refused.STALE, by=incident.owner, at=incident.acknowledged_at)
    return None


def _acknowledge(draft: Draft, act: Act) -> Refusal | None:
    incident = draft.incident
    if incident.state is not State.TRIGGERED:
        return Refusal(Refused.ALREADY_TAKEN, by=incident.owner, at=incident.acknowledged_at)
    if any(given.person == act.person.key for given in incident.answers):
        return Refusal(Refused.ALREADY_ANSWERED, by=act.person.key)
    count_answer(draft, act.person.key, act.verb.value)
    if answers_missing(draft.incident):
        ask_one_more(draft)
    else:
        conclude(draft)
    return None


def count_answer(draft: Draft, person: str, verb: str) -> None:
    """Add somebody's acknowledgement to those of this round."""
    given = Answer(person, verb, draft.via, draft.now)
    draft.put(answers=(*draft.incident.answers, given))


def answers_missing(incident: Incident) -> int:
    """Return how many more different people must answer."""
    return max(0, incident.acks_needed - len({given.person for given in incident.answers}))


def ask_one_more(draft: Draft) -> None:
    """Tell the rest of the team that one has answered and another is needed; the clock goes on."""
    incident = draft.incident
    draft.record(Action.ANSWERED, given=str(len(incident.answers)), needed=str(incident.acks_needed))
    if incident.assign:
        draft.tell(Occasion.ONE_MORE, ("team",), besides=frozenset(given.person for given in incident.answers))


def conclude(draft: Draft) -> None:
    """Do what enough answers amount to: a review in Stream ends it where the category says so, else it is taken."""
    given = draft.incident.answers
    category = draft.rules.frozen.categories.get(draft.incident.category or "")
    reviewers = [answer.person for answer in given if answer.verb == REVIEW]
    if reviewers and (category is None or category.review_resolves):
        close(draft, Outcome.REVIEWED_IN_STREAM, reviewers[-1])
    elif draft.incident.state is not State.ACKNOWLEDGED:
        take(draft, given[0].person)


def take(draft: Draft, owner: str | None) -> None:
    """Stop the path: the incident is this owner's, and the second clock starts. A stranger's answer owns nothing."""
    known = owner in draft.rules.running.people
    draft.put(
        state=State.ACKNOWLEDGED,
        owner=owner if known else draft.incident.assign,
        acknowledged_at=draft.now,
        restarts=0,
        extensions=0,
    )
    draft.suppress = "acknowledged"
    draft.record(Action.ACKNOWLEDGED, owner=draft.incident.owner or "")
    start_second_clock(draft)


def start_second_clock(draft: Draft) -> None:
    """Set by when it must be resolved: the category's time, else the policy's; a reminder some time before."""
    policy = draft.rules.frozen
    category = policy.categories.get(draft.incident.category or "")
    rule = policy.acknowledged
    within = (category.resolve_within if category else None) or (rule.resolve_within if rule else None)
    if within is None:
        draft.due(None, None)
    elif rule is not None and rule.remind is not None and rule.remind < within:
        draft.due(DueKind.REMIND, draft.now + within - rule.remind)
    else:
        draft.due(DueKind.RESOLVE_WITHIN, draft.now + within)


def _release(draft: Draft, act: Act) -> Refusal | None:
    if draft.incident.state not in {State.ACKNOWLEDGED, State.SNOOZED}:
        return Refusal(Refused.NOT_NOW)
    draft.record(Action.RELEASED, owner=draft.incident.owner or "")
    draft.put(owner=None, waiting_since=draft.now, snoozes=0)
    begin_round(draft, act.verb.value)
    return None


def _resolve(draft: Draft, act: Act) -> Refusal | None:
    outcome = Outcome.NO_VIOLATION if act.verb is Verb.FALSE_ALARM else act.outcome or Outcome.ACTION_TAKEN
    if outcome is Outcome.REFERRED and not (act.reference or "").strip():
        return Refusal(Refused.NO_REFERENCE)
    if draft.incident.state is State.TRIGGERED:
        _count_once(draft, act)
        if answers_missing(draft.incident):
            ask_one_more(draft)
            return Refusal(Refused.ONE_MORE_NEEDED)
        take(draft, act.person.key)
    close(draft, outcome, act.person.key, act.reference)
    return None


def _count_once(draft: Draft, act: Act) -> None:
    if all(given.person != act.person.key for given in draft.incident.answers):
        count_answer(draft, act.person.key, act.verb.value)


def close(draft: Draft, outcome: Outcome, by: str, reference: str | None = None) -> None:
    """End it. A reference (of a referral, say) is free text and stands with the content."""
    if reference:
        said = Content({"reference": (draft.now, reference.strip())})
        draft.put(content=draft.incident.content.merged(said))
    draft.put(
        state=State.RESOLVED,
        outcome=outcome,
        closed_at=draft.now,
        closed_by=by,
        reports_at_close=len(draft.incident.facts.values("report")),
        restarts=0,
        extensions=0,
        snoozes=0,
    )
    draft.due(None, None)
    draft.suppress = "resolved"
    draft.record(Action.RESOLVED, outcome=outcome.value)


def _snooze(draft: Draft, act: Act) -> Refusal | None:
    incident, wait = draft.incident, timedelta(minutes=act.minutes or 15)
    if incident.state not in {State.TRIGGERED, State.ACKNOWLEDGED}:
        return Refusal(Refused.ALREADY_TAKEN, by=incident.owner, at=incident.acknowledged_at)
    if incident.content_rule is ContentRule.WITHHOLD:
        return Refusal(Refused.WITHHELD)
    if wait not in SNOOZES or (incident.severity is Severity.CRITICAL and wait > SNOOZES[0]):
        return Refusal(Refused.TOO_LONG)
    if incident.snoozes >= SNOOZES_IN_A_ROW:
        return Refusal(Refused.TOO_OFTEN)
    if incident.state is State.TRIGGERED:
        _count_once(draft, act)
        if answers_missing(draft.incident):
            ask_one_more(draft)
            return Refusal(Refused.ONE_MORE_NEEDED)
    draft.put(state=State.SNOOZED, owner=act.person.key, acknowledged_at=draft.now, snoozes=incident.snoozes + 1)
    draft.due(DueKind.SNOOZE_END, draft.now + wait)
    draft.suppress = "snoozed"
    draft.record(Action.SNOOZED, minutes=str(int(wait.total_seconds() // 60)))
    return None


def _hand_over(draft: Draft, act: Act) -> Refusal | None:
    if draft.incident.state not in {State.ACKNOWLEDGED, State.SNOOZED} or act.to not in draft.rules.running.people:
        return Refusal(Refused.NOT_NOW)
    draft.record(Action.HANDED_OVER, to=act.to or "")
    _keep_place(draft, act.verb.value)
    draft.put(owner=act.to)
    draft.tell(Occasion.HAND_OVER, (PERSON + (act.to or ""),))
    return None


def _keep_place(draft: Draft, reason: str) -> None:
    """Start a round that goes on where the path stood; its step's delay begins anew."""
    next_round(draft, reason)
    draft.put(state=State.TRIGGERED, waiting_since=draft.now)
    wait_for_next(draft)


def _escalate_now(draft: Draft, act: Act) -> Refusal | None:
    if draft.incident.state is State.LOGGED:
        return Refusal(Refused.NOT_NOW)
    draft.record(Action.ESCALATED_NOW)
    draft.put(snoozes=0)
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


def _reveal(draft: Draft, _act: Act) -> Refusal | None:
    draft.record(Action.REVEALED)
    return None


def _reopen(draft: Draft, act: Act) -> Refusal | None:
    if draft.incident.state is not State.RESOLVED:
        return Refusal(Refused.NOT_NOW)
    reopen(draft, act.verb.value)
    return None


def reopen(draft: Draft, reason: str) -> None:
    """Trigger a resolved incident again, from the top."""
    draft.record(Action.REOPENED, reason)
    draft.put(outcome=None, closed_at=None, closed_by=None, waiting_since=draft.now)
    begin_round(draft, reason)


_ACTS: dict[Verb, Callable[[Draft, Act], Refusal | None]] = {
    Verb.ACKNOWLEDGE: _acknowledge,
    Verb.RELEASE: _release,
    Verb.RESOLVE: _resolve,
    Verb.FALSE_ALARM: _resolve,
    Verb.SNOOZE: _snooze,
    Verb.HAND_OVER: _hand_over,
    Verb.ESCALATE_NOW: _escalate_now,
    Verb.STILL_ON_IT: _still_on_it,
    Verb.REVEAL: _reveal,
    Verb.REOPEN: _reopen,
}
