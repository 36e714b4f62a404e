"""What somebody did at a vendor, and what it means here: an answer, a clock that runs again, or a line in the record.

Only a person's agent answers, also one who is not in the policy (a stranger, whose answer makes the route's `assign`
the owner); on restricted categories only who may. What time-outs, integrations and automations do is recorded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.incident_change import Change, ChangeDraft, Rules
from escalator.engine.permissions import Refusal
from escalator.engine.rounds import begin_round
from escalator.model.audit import SYSTEM, Actor, AuditAction
from escalator.model.incident import HELD_STATES, Incident, Outcome, State, Verb
from escalator.model.policy import Person
from escalator.model.vendor_event import VendorActorKind, VendorEvent, VendorEventKind

_VERBS = {
    VendorEventKind.ACKNOWLEDGED: Verb.ACKNOWLEDGE,
    VendorEventKind.RESOLVED: Verb.RESOLVE,
    VendorEventKind.REOPENED: Verb.REOPEN,
}
_CLOCKS_DIFFER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class VendorAlertState:
    """Where at the vendor it was done: the round that stands there (None where all do), and whether the answer to the
    present round was given right there.
    """

    round: int | None = None
    is_answered: bool = False


def apply_vendor_event(  # noqa: PLR0913  # what was said, by whom, where and about what
    said: VendorEvent, who: Person | None, spot: VendorAlertState, incident: Incident, rules: Rules, now: datetime
) -> Change | Refusal | None:
    """Return what follows from what a vendor told us; None for the echo of what we have done there ourselves.

    `who` is the person of the policy whose agent it was, or None.
    """
    verb = _VERBS.get(said.kind)
    if said.kind is VendorEventKind.UNACKNOWLEDGED and spot.is_answered and incident.state is State.ACKNOWLEDGED:
        return _rearmed(said, who, incident, rules, now)
    if (
        said.agent.kind is VendorActorKind.PERSON
        and verb is not None
        and not _is_of_an_earlier_wait(said, spot, incident)
    ):
        act = ActionRequest(verb, who or unknown_person(said), said.vendor.value, outcome=Outcome.ACTION_TAKEN)
        return apply_action(act, incident, rules, now)
    if said.agent.kind is VendorActorKind.INTEGRATION and _is_echo(said, incident):
        return None
    draft = ChangeDraft(incident, rules, now, _actor(said, who), said.vendor.value)
    draft.record(AuditAction.VENDOR_NOTED, said.word, vendor=said.vendor.value, agent=said.agent.kind.value)
    return draft.done()


def unknown_person(said: VendorEvent) -> Person:
    """Return who is not in the policy, as somebody who may answer what is not restricted."""
    key = f"{said.vendor.value}:{said.agent.id}"[:160]
    return Person(key, key)


def _actor(said: VendorEvent, who: Person | None) -> Actor:
    if said.agent.kind is not VendorActorKind.PERSON:
        return SYSTEM
    return Actor("person", who.key) if who else Actor("stranger", unknown_person(said).key)


def _rearmed(said: VendorEvent, who: Person | None, incident: Incident, rules: Rules, now: datetime) -> Change:
    """Start the clock again, from the top: nobody holds it any more."""
    draft = ChangeDraft(incident, rules, now, _actor(said, who), said.vendor.value)
    draft.record(AuditAction.RELEASED, said.word, owner=incident.owner or "")
    draft.put(owner=None, waiting_since=now, snoozes=0)
    begin_round(draft, said.kind.value)
    return draft.done()


def _is_of_an_earlier_wait(said: VendorEvent, spot: VendorAlertState, incident: Incident) -> bool:
    """Whether it happened before people began to wait anew for an answer; vendors may tell late.

    What is done to the present round's own alert is never late, whatever the clocks say; else they may differ a little.
    """
    since = incident.waiting_since
    if spot.round == incident.round or incident.state is not State.TRIGGERED or since is None or said.at is None:
        return False
    return incident.round > 1 and said.at < since - _CLOCKS_DIFFER


def _is_echo(said: VendorEvent, incident: Incident) -> bool:
    """Whether the vendor tells us what we have told it."""
    if said.kind is VendorEventKind.ACKNOWLEDGED:
        return incident.state in HELD_STATES
    if said.kind is VendorEventKind.RESOLVED:
        return not incident.is_open
    return said.kind in {VendorEventKind.NOTED, VendorEventKind.REOPENED}
