"""What somebody did at a vendor, and what it means here: an answer, a clock that runs again, or a line in the record.

Only a person's agent answers, also one who is not in the policy (a stranger, whose answer makes the route's `assign`
the owner); on restricted categories only who may. What time-outs, integrations and automations do is recorded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.engine.actions import Act, answer
from escalator.engine.incident_change import Change, Draft, Rules
from escalator.engine.permissions import Refusal
from escalator.engine.rounds import begin_round
from escalator.model.audit import SYSTEM, Action, Actor
from escalator.model.incident import HELD, Incident, Outcome, State, Verb
from escalator.model.policy import Person
from escalator.model.vendor_event import AgentKind, Heard, HeardKind

_VERBS = {
    HeardKind.ACKNOWLEDGED: Verb.ACKNOWLEDGE,
    HeardKind.RESOLVED: Verb.RESOLVE,
    HeardKind.REOPENED: Verb.REOPEN,
}
_CLOCKS_DIFFER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where at the vendor it was done: the round that stands there (None where all do), and whether the answer to the
    present round was given right there.
    """

    round: int | None = None
    is_answered: bool = False


def heard(  # noqa: PLR0913  # what was said, by whom, where and about what
    said: Heard, who: Person | None, spot: Spot, incident: Incident, rules: Rules, now: datetime
) -> Change | Refusal | None:
    """Return what follows from what a vendor told us; None for the echo of what we have done there ourselves.

    `who` is the person of the policy whose agent it was, or None.
    """
    verb = _VERBS.get(said.kind)
    if said.kind is HeardKind.UNACKNOWLEDGED and spot.is_answered and incident.state is State.ACKNOWLEDGED:
        return _rearmed(said, who, incident, rules, now)
    if said.agent.kind is AgentKind.PERSON and verb is not None and not _is_of_an_earlier_wait(said, spot, incident):
        act = Act(verb, who or stranger(said), said.vendor.value, outcome=Outcome.ACTION_TAKEN)
        return answer(act, incident, rules, now)
    if said.agent.kind is AgentKind.INTEGRATION and _is_echo(said, incident):
        return None
    draft = Draft(incident, rules, now, _actor(said, who), said.vendor.value)
    draft.record(Action.VENDOR_NOTED, said.word, vendor=said.vendor.value, agent=said.agent.kind.value)
    return draft.done()


def stranger(said: Heard) -> Person:
    """Return who is not in the policy, as somebody who may answer what is not restricted."""
    key = f"{said.vendor.value}:{said.agent.id}"[:160]
    return Person(key, key)


def _actor(said: Heard, who: Person | None) -> Actor:
    if said.agent.kind is not AgentKind.PERSON:
        return SYSTEM
    return Actor("person", who.key) if who else Actor("stranger", stranger(said).key)


def _rearmed(said: Heard, who: Person | None, incident: Incident, rules: Rules, now: datetime) -> Change:
    """Start the clock again, from the top: nobody holds it any more."""
    draft = Draft(incident, rules, now, _actor(said, who), said.vendor.value)
    draft.record(Action.RELEASED, said.word, owner=incident.owner or "")
    draft.put(owner=None, waiting_since=now, snoozes=0)
    begin_round(draft, said.kind.value)
    return draft.done()


def _is_of_an_earlier_wait(said: Heard, spot: Spot, incident: Incident) -> bool:
    """Whether it happened before people began to wait anew for an answer; vendors may tell late.

    What is done to the present round's own alert is never late, whatever the clocks say; else they may differ a little.
    """
    since = incident.waiting_since
    if spot.round == incident.round or incident.state is not State.TRIGGERED or since is None or said.at is None:
        return False
    return incident.round > 1 and said.at < since - _CLOCKS_DIFFER


def _is_echo(said: Heard, incident: Incident) -> bool:
    """Whether the vendor tells us what we have told it."""
    if said.kind is HeardKind.ACKNOWLEDGED:
        return incident.state in HELD
    if said.kind is HeardKind.RESOLVED:
        return not incident.is_open
    return said.kind in {HeardKind.NOTED, HeardKind.REOPENED}
