"""Applies a vendor callback: its incidents are locked, the engine decides, and all is written at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from escalator.channels.pagerduty.api import ACKNOWLEDGE
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal
from escalator.engine.vendor_events import VendorAlertState, apply_vendor_event, unknown_person
from escalator.metrics import CALLBACKS
from escalator.model.audit import Actor
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Incident, State
from escalator.model.policy import Person, Policy
from escalator.model.vendor_event import VendorActor, VendorActorKind, VendorEvent, VendorEventKind, place_in
from escalator.services.auth.our_vendor_accounts import JIRA_ACCOUNT, own_account
from escalator.services.core.contacts import person_with_email
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.actions import is_in_sandbox, record_refusal
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import UnitOfWork, unit_of_work
from escalator.store import incidents, posted_message_refs, posted_message_updates, vendor_callbacks
from escalator.store.posted_messages import PostedMessage
from escalator.store.vendor_callbacks import VendorCallback

_OUR_TITLE = re.compile(r" · #(\d{1,9})$")


def apply_callback(core: Core, callback: VendorCallback, event: VendorEvent) -> None:
    """Apply one vendor callback, unless another process does. Raises Unavailable."""
    with unit_of_work(core) as work:
        running = core.policies.required(work.connection)
        if vendor_callbacks.lock(work.connection, callback.id) is None:
            return
        case = _Case(core, work, running, core.clock.now())
        is_ours = case.settle(event, is_sandbox=callback.is_sandbox)
        vendor_callbacks.mark_done(work.connection, callback.id, None if is_ours else "not ours")
        OperatorAlerts(work.connection, case.now).resolve(f"callback:{callback.vendor.value}")
    core.metrics.count(CALLBACKS, vendor=callback.vendor.value, outcome="done" if is_ours else "not_ours")


@dataclass(frozen=True, slots=True)
class _Case:
    """One transaction."""

    core: Core
    work: UnitOfWork
    running: RunningPolicy
    now: datetime

    @property
    def connection(self) -> Connection:
        return self.work.connection

    def settle(self, event: VendorEvent, *, is_sandbox: bool) -> bool:
        """Apply it to every incident of ours that it is about; False when there is none.

        Sandbox callbacks apply only to sandbox incidents, others only elsewhere. Posted messages are written last.
        """
        event, posts = self._without_our_own(event), self._posts(event)
        locked = incidents.lock(self.connection, [post.incident_id for post in posts], self.core.seal)
        policy = self.running.policy
        ours = {
            key: incident
            for key, incident in locked.items()
            if is_in_sandbox(self.core, incident, policy) is is_sandbox
        }
        after = {
            key: self._decide(event, [post for post in posts if post.incident_id == key], incident)
            for key, incident in ours.items()
        }
        for post in posts:
            if post.incident_id in after:
                self._look_at(event, post, ours[post.incident_id], after[post.incident_id])
        if event.kind is VendorEventKind.MERGED:
            posted_message_refs.clear_vendor_incident_ids(
                self.connection, event.vendor, (event.vendor_incident_id, event.merged_into)
            )
        return bool(ours)

    def _posts(self, event: VendorEvent) -> Sequence[PostedMessage]:
        """Return the posted messages; without references, found by our own number at the end of the title."""
        posts = posted_message_refs.find(self.connection, event.vendor, event.refs, event.vendor_incident_id)
        if posts or event.refs or event.vendor is not DestinationKind.PAGERDUTY:
            return posts
        number = _OUR_TITLE.search(event.title)
        return (
            posted_message_refs.find_by_number(self.connection, event.vendor, int(number[1]), event.vendor_incident_id)
            if number
            else ()
        )

    def _decide(self, event: VendorEvent, at: Sequence[PostedMessage], incident: Incident) -> Incident:
        """Return the changed incident; a refusal is recorded."""
        person = self._person_of(event)
        newest = max(at, key=lambda post: post.round)
        alert_state = VendorAlertState(
            round=newest.round if event.vendor is DestinationKind.PAGERDUTY else None,
            is_answered=any(post.acknowledged_round == incident.round for post in at),
        )
        rules = rules_for(self.core, self.connection, incident, self.running)
        decided = apply_vendor_event(event, person, alert_state, incident, rules, self.now)
        if isinstance(decided, Change):
            self.work.apply([Decision(incident, decided)], self.running, self.now)
            return decided.incident
        if isinstance(decided, Refusal):
            actor = Actor("person", person.key) if person else Actor("stranger", unknown_person(event).key)
            via, verb = event.vendor.value, event.kind.value
            record_refusal(self.connection, incident, actor, via, verb, decided, self.now)
        return incident

    def _without_our_own(self, event: VendorEvent) -> VendorEvent:
        """Return it with our own account, which Jira reports as a user like any other, as the integration it is."""
        if event.vendor is DestinationKind.JIRA and event.agent.id == own_account(
            self.connection, self.core.settings, JIRA_ACCOUNT
        ):
            return replace(event, agent=VendorActor(VendorActorKind.INTEGRATION, event.agent.id))
        return event

    def _person_of(self, event: VendorEvent) -> Person | None:
        policy, agent = self.running.policy, event.agent
        if agent.kind is not VendorActorKind.PERSON:
            return None
        if event.vendor is DestinationKind.JIRA:
            return person_with_email(policy, self.core.expand, agent.email)
        return self._with_pagerduty_id(policy, agent.id)

    def _with_pagerduty_id(self, policy: Policy, agent_id: str) -> Person | None:
        expand = self.core.expand
        known = (person for person in policy.people.values() if agent_id and expand(person.pagerduty or "") == agent_id)
        return next(known, None)

    def _look_at(self, event: VendorEvent, post: PostedMessage, before: Incident, after: Incident) -> None:
        """Record the vendor's state, so that it neither gets its own changes back nor keeps wrong ones."""
        posted_message_refs.record_ref(self.connection, post, _reference(event, post), event.vendor_incident_id)
        is_counted = event.kind is VendorEventKind.ACKNOWLEDGED and len(after.acknowledgements) > len(
            before.acknowledgements
        )
        if is_counted:
            posted_message_refs.record_acknowledged_round(self.connection, post, after.round)
        if event.vendor is DestinationKind.PAGERDUTY:
            self._look_at_alert(event, post, after)
        elif event.kind is not VendorEventKind.NOTED and event.agent.kind is VendorActorKind.PERSON:
            posted_message_updates.request_update(self.connection, post)
            self.work.has_deliveries = True

    def _look_at_alert(self, event: VendorEvent, post: PostedMessage, incident: Incident) -> None:
        if event.kind is VendorEventKind.RESOLVED and incident.is_open:
            # The alert is over, the incident is not: the next step opens a new one.
            posted_message_refs.clear_ref(self.connection, post)
        elif event.kind is VendorEventKind.ACKNOWLEDGED and incident.state is State.TRIGGERED:
            # The alert is silent while we still wait for an answer: the next step opens another and ends this one.
            posted_message_refs.move_to_new_slot(self.connection, post)
        elif event.kind is VendorEventKind.ACKNOWLEDGED:
            posted_message_refs.record_shown(self.connection, post, ACKNOWLEDGE)
        elif event.kind in {VendorEventKind.UNACKNOWLEDGED, VendorEventKind.REOPENED}:
            posted_message_refs.record_shown(self.connection, post, None)


def _reference(event: VendorEvent, post: PostedMessage) -> str:
    """Return the vendor's reference: Jira's own key, or the key that PagerDuty has from us."""
    if post.vendor_ref is not None:
        return post.vendor_ref
    return next(ref for ref in event.refs if event.vendor is DestinationKind.JIRA or place_in(ref) == post.id)
