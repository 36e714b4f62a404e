"""Feeds: which copies of a change of an incident are sent to machines."""

from collections.abc import Iterator
from dataclasses import dataclass

from escalator.engine.categorize import Assessment
from escalator.engine.incident_change import Change
from escalator.engine.routing import RoutingSubject, all_conditions_hold
from escalator.engine.targets import Recipient, destination_recipients
from escalator.model.audit import AuditAction
from escalator.model.incident import CLOSED_STATES, HELD_STATES, Incident, State
from escalator.model.message import Occasion
from escalator.model.policy import Policy

_WAITING = frozenset({State.TRIGGERED, State.LOGGED})
_PEOPLE = frozenset({"person", "stranger"})


@dataclass(frozen=True, slots=True)
class FeedCopy:
    """One occasion for one feed. `actor` is a policy key or a vendor's id, None for automation.

    For an escalation `round`, `step` and `sending` say which send it was. For anything else `sending` is the incident's
    revision, which distinguishes several occasions within one step.
    """

    occasion: Occasion
    recipient: Recipient
    round: int
    step: int
    sending: int
    actor: str | None


def feed_copies(before: Incident | None, change: Change, policy: Policy) -> tuple[FeedCopy, ...]:
    """Return the copies of a change under the running policy; `before` is None for a new incident.

    Only destinations for machines get copies: in a channel for people a copy would be one more page.
    """
    if not policy.feeds:
        return ()
    occasions = tuple(_occasions(before, change))
    if not occasions:
        return ()
    subject = _subject(change.incident)
    destinations = (feed.to for feed in policy.feeds if all_conditions_hold(feed.when, subject, policy))
    machine_recipients = [
        recipient for recipient in destination_recipients(destinations, policy) if recipient.kind.about.is_for_machines
    ]
    return tuple(_make_copy(occasion, recipient, change) for occasion in occasions for recipient in machine_recipients)


def _occasions(before: Incident | None, change: Change) -> Iterator[Occasion]:
    """Yield the occasions that feeds report; held or closed incidents that wait again are reopened."""
    after = change.incident.state
    if before is None:
        if after is State.MERGED:
            return
        yield Occasion.OPENED
    is_reopened = before is not None and _is_reopened(before.state, after)
    if is_reopened:
        yield Occasion.REOPENED
    if before is not None and _is_escalated(change, is_restart=not is_reopened):
        yield Occasion.ESCALATED
    if after in HELD_STATES and (
        before is None or before.state not in HELD_STATES or before.owner != change.incident.owner
    ):
        yield Occasion.ACKNOWLEDGED
    if after in CLOSED_STATES and (before is None or before.state not in CLOSED_STATES):
        yield Occasion.RESOLVED


def _is_reopened(before: State, after: State) -> bool:
    return (before in CLOSED_STATES and after not in CLOSED_STATES) or (before in HELD_STATES and after in _WAITING)


def _is_escalated(change: Change, *, is_restart: bool) -> bool:
    """Whether a step after the first has fired, or a repeat, or an unanswered path has restarted."""
    incident = change.incident
    if not any(entry.action is AuditAction.STEP_FIRED for entry in change.entries):
        return False
    return incident.step > 0 or incident.send_number > 1 or (is_restart and incident.round > 1)


def _subject(incident: Incident) -> RoutingSubject:
    """Return what the conditions of a feed are matched against: the incident as it is now."""
    categories = () if incident.category is None else (incident.category,)
    assessment = Assessment(categories, incident.severity, incident.severity_reason, incident.content_rule)
    return RoutingSubject(incident.source, incident.facts, assessment, incident.opened_at)


def _make_copy(occasion: Occasion, recipient: Recipient, change: Change) -> FeedCopy:
    incident = change.incident
    sending = incident.send_number if occasion is Occasion.ESCALATED else incident.revision
    return FeedCopy(occasion, recipient, incident.round, incident.step, sending, _actor(occasion, change))


def _actor(occasion: Occasion, change: Change) -> str | None:
    """Return who did it: the person of the change, else who reviewed in Stream."""
    actor_key = next((entry.actor.key for entry in change.entries if entry.actor.kind in _PEOPLE), None)
    if actor_key is not None or occasion not in {Occasion.ACKNOWLEDGED, Occasion.RESOLVED}:
        return actor_key
    incident = change.incident
    if occasion is Occasion.RESOLVED:
        return incident.closed_by or None
    return incident.acknowledgements[-1].person if incident.acknowledgements else None
