"""The rounds of an incident: what of the policy is frozen with one, how it starts, continues and restarts."""

from dataclasses import replace
from datetime import datetime, timedelta

from escalator.engine.categorize import assess
from escalator.engine.hours import step_fires_at
from escalator.engine.incident_change import ChangeDraft
from escalator.engine.reviews import discount_reviews
from escalator.engine.routing import Routing, RoutingSubject, choose_route, routing_of_route
from escalator.engine.steps import next_send, send_unless_silenced
from escalator.model.audit import AuditAction
from escalator.model.incident import DueKind, Incident, State
from escalator.model.message import Occasion
from escalator.model.policy import Policy

LOOP_WINDOW = timedelta(hours=1)
LOOP_LIMIT = 10


def reassess(incident: Incident, policy: Policy) -> tuple[Incident, Routing]:
    """Return the incident with category, severity and content rule from its facts (never milder), and its route."""
    assessment = assess(incident.facts, policy)
    is_graver = assessment.severity > incident.severity or not incident.severity_reason
    after = incident.changed(
        category=gravest_category(incident.category, assessment.category, policy),
        severity=max(incident.severity, assessment.severity),
        severity_reason=assessment.reason if is_graver else incident.severity_reason,
        content_rule=max(incident.content_rule, assessment.content) if incident.round else assessment.content,
    )
    if incident.drill is not None:
        return after, _rehearsed(incident, policy)
    effective = replace(assessment, severity=after.severity)
    return after, choose_route(RoutingSubject(incident.source, incident.facts, effective, incident.opened_at), policy)


def _rehearsed(incident: Incident, policy: Policy) -> Routing:
    """Return the route that a drill rehearses; if this policy no longer has it, the route as it was at the start."""
    as_it_was = Routing(incident.route, len(policy.routes), incident.path, incident.assign, incident.acks_needed)
    return routing_of_route(incident.route or "", policy) or as_it_was


def gravest_category(first: str | None, second: str | None, policy: Policy) -> str | None:
    """Return the category that comes first in the policy; one that the policy no longer has comes last."""
    order = list(policy.categories)
    known = [key for key in (first, second) if key in order]
    return min(known, key=order.index) if known else first or second


def begin_round(draft: ChangeDraft, reason: str) -> None:
    """Start a new round from step 1, because a person or the clock asks for it: its path always has steps if any has.

    The reviews in Stream that are known by now no longer count.
    """
    spend_reviews(draft)
    freeze_policy(draft, may_fall_silent=False)
    next_round(draft, reason)
    start_path(draft, draft.now)


def spend_reviews(draft: ChangeDraft) -> None:
    """Let only reviews count that are newer than those known: people or the clock have started a round."""
    draft.put(facts=discount_reviews(draft.incident.facts, draft.incident.reviewed_at))


def start_path(draft: ChangeDraft, since: datetime) -> None:
    """Set the deadline of a round that has just begun, and fire the first step when it is due."""
    draft.put(step=-1, send_number=0)
    if not draft.path:
        draft.put(state=State.LOGGED)
        draft.set_deadline(None, None)
        return
    draft.put(state=State.TRIGGERED)
    begins_at = step_fires_at(draft.path[0], since + draft.path[0].after, draft.rules.frozen)
    draft.set_deadline(DueKind.STEP, begins_at)
    if begins_at <= draft.now:
        fire_next_step(draft)


def next_round(draft: ChangeDraft, reason: str) -> None:
    """Count a new round: unsent pages and acknowledgements of the old one are dropped."""
    draft.put(round=draft.incident.round + 1, acknowledgements=(), acknowledged_at=None, silenced_step=None)
    draft.suppress = "superseded"
    draft.record(
        AuditAction.ROUND_STARTED,
        reason,
        round=str(draft.incident.round),
        route=draft.incident.route or "default",
        path=draft.incident.path,
        category=draft.incident.category or "",
        severity=draft.incident.severity.value,
    )


def freeze_policy(draft: ChangeDraft, *, may_fall_silent: bool) -> None:
    """Take category, route, path and content rule from the running policy.

    Unless it `may_fall_silent`, take the first of these paths that has steps: what the running policy decides, what the
    frozen one decides, the present path, the running policy's default, its first path with steps. So an incident that
    somebody waits for keeps notifying, unless the whole policy has no step.
    """
    for policy in (draft.rules.running, draft.rules.frozen):
        reassessed, routing = reassess(draft.incident, policy)
        if may_fall_silent or policy.paths.get(routing.path):
            _adopt(draft, policy, reassessed, routing)
            return
    if not draft.path:
        running = draft.rules.running
        reassessed, routing = reassess(draft.incident, running)
        path = next((path for path in (running.default, *running.paths) if running.paths.get(path)), routing.path)
        _adopt(draft, running, reassessed, replace(routing, path=path))


def _adopt(draft: ChangeDraft, policy: Policy, reassessed: Incident, routing: Routing) -> None:
    is_running = policy is draft.rules.running
    draft.rules = replace(draft.rules, frozen=policy)
    draft.incident = reassessed.changed(
        policy_version=draft.rules.running_version if is_running else reassessed.policy_version,
        route=routing.route,
        path=routing.path,
        assign=routing.assign,
        acks_needed=routing.acks_needed,
    )


def fire_next_step(draft: ChangeDraft) -> None:
    """Send the next step or repeat now and set the deadline of the one after it; at the end of the path, restart it."""
    send = next_send(draft.incident, draft.path)
    if send is None:
        restart_path(draft)
        return
    draft.put(step=send.step, send_number=send.sending)
    send_unless_silenced(draft)


def restart_path(draft: ChangeDraft) -> None:
    """Restart at step 1 after a path that ended without an answer, and notify whom the policy names for that.

    There is no limit on restarts, but an eleventh automatic round within an hour waits for the end of the hour.
    """
    if not count_automatic_round(draft):
        draft.set_deadline(DueKind.RESTART, (draft.incident.automated_rounds_since or draft.now) + LOOP_WINDOW)
        return
    restarts = draft.incident.restarts + 1
    draft.record(AuditAction.RESTARTED, restarts=str(restarts))
    draft.put(restarts=restarts)
    begin_round(draft, "unanswered")
    draft.notify(Occasion.RESTART, draft.rules.frozen.unanswered.tell, exclude=notified_people(draft))


def notified_people(draft: ChangeDraft) -> frozenset[str]:
    """Return the people who are notified by this decision."""
    return frozenset(notice.recipient.person for notice in draft.notices if notice.recipient.person)


def count_automatic_round(draft: ChangeDraft) -> bool:
    """Count a round that automation wants to start; above ten in an hour add an alarm and return False."""
    incident = draft.incident
    started = incident.automated_rounds_since
    if started is None or draft.now - started >= LOOP_WINDOW:
        draft.put(automated_rounds_since=draft.now, automated_rounds=1)
        return True
    draft.put(automated_rounds=incident.automated_rounds + 1)
    if incident.automated_rounds + 1 <= LOOP_LIMIT:
        return True
    draft.record(AuditAction.AUTOMATION_STOPPED, rounds=str(incident.automated_rounds))
    draft.alarms.append(f"loop:{incident.number}")
    return False
