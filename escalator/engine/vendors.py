"""What somebody did at a vendor, and what it means here: an answer, a clock that runs again, or a line in the record.

Only a person's agent answers, also one who is not in the policy (a stranger, whose answer makes the route's `assign`
the owner); on restricted categories only who may. What time-outs, integrations and automations do is recorded.
"""

from datetime import datetime

from escalator.engine.answers import Act, answer
from escalator.engine.change import Change, Draft, Rules
from escalator.engine.rights import Refusal
from escalator.engine.rounds import begin_round
from escalator.model.heard import AgentKind, Heard, HeardKind
from escalator.model.incident import Incident, Outcome, State, Verb
from escalator.model.policy import Person
from escalator.model.records import SYSTEM, Action, Actor

_VERBS = {
    HeardKind.ACKNOWLEDGED: Verb.ACKNOWLEDGE,
    HeardKind.RESOLVED: Verb.RESOLVE,
    HeardKind.REOPENED: Verb.REOPEN,
}
_WITH_PEOPLE = frozenset({State.ACKNOWLEDGED, State.SNOOZED})


def heard(said: Heard, who: Person | None, incident: Incident, rules: Rules, now: datetime) -> Change | Refusal | None:
    """Return what follows from what a vendor told us; None for the echo of what we have done there ourselves.

    `who` is the person of the policy whose agent it was, or None.
    """
    verb = _VERBS.get(said.kind)
    if said.kind is HeardKind.UNACKNOWLEDGED and _was_taken_there(said, incident):
        return _rearmed(said, who, incident, rules, now)
    if said.agent.kind is AgentKind.PERSON and verb is not None and not _is_of_an_earlier_wait(said, incident):
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


def _was_taken_there(said: Heard, incident: Incident) -> bool:
    """Whether the acknowledgement that holds was given at this vendor: only that one can be taken back there."""
    given = [one.via for one in incident.answers]
    return incident.state is State.ACKNOWLEDGED and bool(given) and given[-1] == said.vendor.value


def _rearmed(said: Heard, who: Person | None, incident: Incident, rules: Rules, now: datetime) -> Change:
    """Start the clock again, from the top: nobody holds it any more."""
    draft = Draft(incident, rules, now, _actor(said, who), said.vendor.value)
    draft.record(Action.RELEASED, said.word, owner=incident.owner or "")
    draft.put(owner=None, waiting_since=now, snoozes=0)
    begin_round(draft, said.kind.value)
    return draft.done()


def _is_of_an_earlier_wait(said: Heard, incident: Incident) -> bool:
    """Whether it happened before people began to wait anew for an answer; vendors may tell late.

    The first wait has none before it: there no difference between two clocks can make an answer void.
    """
    since = incident.waiting_since
    if incident.state is not State.TRIGGERED or since is None or said.at is None:
        return False
    return incident.round > 1 and said.at < since


def _is_echo(said: Heard, incident: Incident) -> bool:
    """Whether the vendor tells us what we have told it."""
    if said.kind is HeardKind.ACKNOWLEDGED:
        return incident.state in _WITH_PEOPLE
    if said.kind is HeardKind.RESOLVED:
        return not incident.is_open
    return said.kind in {HeardKind.NOTED, HeardKind.REOPENED}
