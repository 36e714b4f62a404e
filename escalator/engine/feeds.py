"""Feeds: which copies, for machines, a change of an incident makes. They open nothing and wait for nobody."""

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
    """One thing that happened, for one feed. `actor` did it: a policy key or a vendor's id, None for automation.

    Of an escalation `round`, `step` and `sending` say which send it was. Of anything else `sending` is the incident's
    revision: it tells apart what happens several times within one step.
    """

    occasion: Occasion
    recipient: Recipient
    round: int
    step: int
    sending: int
    actor: str | None


def feed_copies(before: Incident | None, change: Change, policy: Policy) -> tuple[FeedCopy, ...]:
    """Return the copies that a change makes by the running policy; `before` is None for an incident that is new.

    Only webhooks are fed: a copy in a channel of people would be one more page.
    """
    if not policy.feeds:
        return ()
    happened = tuple(_happened(before, change))
    if not happened:
        return ()
    subject = _subject(change.incident)
    fed = (feed.to for feed in policy.feeds if all_conditions_hold(feed.when, subject, policy))
    machines = [one for one in destination_recipients(fed, policy) if one.kind.about.is_for_machines]
    return tuple(_copy(occasion, recipient, change) for occasion in happened for recipient in machines)


def _happened(before: Incident | None, change: Change) -> Iterator[Occasion]:
    """Yield what a machine is told of; what waits again after it was held, or over, is reopened."""
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
    """Whether a step after the first has fired, or a repeat, or a path that nobody answered has begun again."""
    incident = change.incident
    if not any(entry.action is AuditAction.STEP_FIRED for entry in change.entries):
        return False
    return incident.step > 0 or incident.sending > 1 or (is_restart and incident.round > 1)


def _subject(incident: Incident) -> RoutingSubject:
    """Return what the conditions of a feed are asked about: the incident as it stands."""
    categories = () if incident.category is None else (incident.category,)
    judged = Assessment(categories, incident.severity, incident.severity_reason, incident.content_rule)
    return RoutingSubject(incident.source, incident.facts, judged, incident.opened_at)


def _copy(occasion: Occasion, recipient: Recipient, change: Change) -> FeedCopy:
    incident = change.incident
    sending = incident.sending if occasion is Occasion.ESCALATED else incident.revision
    return FeedCopy(occasion, recipient, incident.round, incident.step, sending, _actor(occasion, change))


def _actor(occasion: Occasion, change: Change) -> str | None:
    """Return who did it: whose act it was, else whose review in Stream it follows from."""
    acted = next((entry.actor.key for entry in change.entries if entry.actor.kind in _PEOPLE), None)
    if acted is not None or occasion not in {Occasion.ACKNOWLEDGED, Occasion.RESOLVED}:
        return acted
    incident = change.incident
    if occasion is Occasion.RESOLVED:
        return incident.closed_by or None
    return incident.answers[-1].person if incident.answers else None
