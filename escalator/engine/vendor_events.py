"""Apply what was done at a vendor: acknowledge, resolve or reopen here, restart the path, or only record it.

Only what people do counts as an action, also of people who are not in the policy (their acknowledgement makes the
route's `assign` the owner); for restricted categories only of those who may. What time-outs, integrations and
automations do is only recorded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.incident_change import Change, ChangeDraft, PolicyPair
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
_CLOCK_TOLERANCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class VendorAlertState:
    """The alert at the vendor: the round that it shows (None when it shows every round), and whether the present round
    was acknowledged there.
    """

    round: int | None = None
    is_answered: bool = False


def apply_vendor_event(  # noqa: PLR0913  # what was said, by whom, where and about what
    event: VendorEvent,
    person: Person | None,
    alert_state: VendorAlertState,
    incident: Incident,
    rules: PolicyPair,
    now: datetime,
) -> Change | Refusal | None:
    """Return the change or refusal that follows from a vendor's event; None for the echo of our own action there.

    `person` is the person of the policy who did it, or None.
    """
    verb = _VERBS.get(event.kind)
    if (
        event.kind is VendorEventKind.UNACKNOWLEDGED
        and alert_state.is_answered
        and incident.state is State.ACKNOWLEDGED
    ):
        return _restart(event, person, incident, rules, now)
    if event.agent.kind is VendorActorKind.PERSON and verb is not None and not _is_late(event, alert_state, incident):
        request = ActionRequest(verb, person or unknown_person(event), event.vendor.value, outcome=Outcome.ACTION_TAKEN)
        return apply_action(request, incident, rules, now)
    if event.agent.kind is VendorActorKind.INTEGRATION and _is_echo(event, incident):
        return None
    draft = ChangeDraft(incident, rules, now, _actor(event, person), event.vendor.value)
    draft.record(AuditAction.VENDOR_NOTED, event.word, vendor=event.vendor.value, agent=event.agent.kind.value)
    return draft.to_change()


def unknown_person(event: VendorEvent) -> Person:
    """Return a person for somebody who is not in the policy, who may answer what is not restricted."""
    key = f"{event.vendor.value}:{event.agent.id}"[:160]
    return Person(key, key)


def _actor(event: VendorEvent, person: Person | None) -> Actor:
    if event.agent.kind is not VendorActorKind.PERSON:
        return SYSTEM
    return Actor("person", person.key) if person else Actor("stranger", unknown_person(event).key)


def _restart(event: VendorEvent, person: Person | None, incident: Incident, rules: PolicyPair, now: datetime) -> Change:
    """Start the path again from step 1: the incident has no owner any more."""
    draft = ChangeDraft(incident, rules, now, _actor(event, person), event.vendor.value)
    draft.record(AuditAction.RELEASED, event.word, owner=incident.owner or "")
    draft.put(owner=None, waiting_since=now, snoozes=0)
    begin_round(draft, event.kind.value)
    return draft.to_change()


def _is_late(event: VendorEvent, alert_state: VendorAlertState, incident: Incident) -> bool:
    """Whether it happened before the present wait for an answer began; vendors may report late.

    What is done to the present round's own alert is never late, whatever the clocks say.
    """
    since = incident.waiting_since
    if (
        alert_state.round == incident.round
        or incident.state is not State.TRIGGERED
        or since is None
        or event.at is None
    ):
        return False
    return incident.round > 1 and event.at < since - _CLOCK_TOLERANCE


def _is_echo(event: VendorEvent, incident: Incident) -> bool:
    """Whether the vendor reports our own change back to us."""
    if event.kind is VendorEventKind.ACKNOWLEDGED:
        return incident.state in HELD_STATES
    if event.kind is VendorEventKind.RESOLVED:
        return not incident.is_open
    return event.kind in {VendorEventKind.NOTED, VendorEventKind.REOPENED}
