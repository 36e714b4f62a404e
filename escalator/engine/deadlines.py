"""What happens when a deadline fires, and when all deliveries of a step have failed."""

from datetime import datetime, timedelta

from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.incident_change import Change, ChangeDraft, PolicyPair
from escalator.engine.rounds import begin_round, fire_next_step, notified_people, restart_path
from escalator.engine.steps import send_after_silence, set_next_deadline, skip_repeats
from escalator.model.audit import AuditAction
from escalator.model.incident import DueKind, Incident
from escalator.model.message import Occasion
from escalator.model.policy import Policy


def fire_deadline(incident: Incident, rules: PolicyPair, now: datetime) -> Change:
    """Return what the incident's deadline changes; it must be due."""
    draft = ChangeDraft(incident, rules, now)
    match incident.due_kind:
        case DueKind.STEP:
            fire_next_step(draft)
        case DueKind.RESTART:
            restart_path(draft)
        case DueKind.REMIND:
            _remind(draft)
        case DueKind.RESOLVE_WITHIN:
            _trigger_overdue(draft)
        case DueKind.SNOOZE_END:
            draft.record(AuditAction.SNOOZE_ENDED)
            draft.put(waiting_since=now)
            begin_round(draft, "snooze_end")
        case DueKind.SILENCE_END:
            send_after_silence(draft)
    return draft.to_change()


def _remind(draft: ChangeDraft) -> None:
    rule = draft.rules.frozen.acknowledged
    draft.record(AuditAction.REMINDED, owner=draft.incident.owner or "")
    reminder = draft.incident.send_number + draft.incident.extensions
    draft.notify(Occasion.REMIND, owner_targets(draft.incident, draft.rules.running), sending=reminder)
    ends_at = (draft.incident.due_at or draft.now) + (rule.remind if rule and rule.remind else timedelta(0))
    draft.set_deadline(DueKind.RESOLVE_WITHIN, ends_at)


def _trigger_overdue(draft: ChangeDraft) -> None:
    """Trigger it again from step 1, and notify the owner, who is named, as well."""
    draft.record(AuditAction.OVERDUE, owner=draft.incident.owner or "")
    draft.put(waiting_since=draft.now)
    begin_round(draft, "resolve_within")
    owner = owner_targets(draft.incident, draft.rules.running)
    draft.notify(Occasion.OVERDUE, owner, exclude=notified_people(draft))


def owner_targets(incident: Incident, policy: Policy) -> tuple[str, ...]:
    """Return the target of the owner: a person or the team that owns it; empty for nobody."""
    if incident.owner is None:
        return ("team",) if incident.assign else ()
    return (PERSON_PREFIX + incident.owner,) if incident.owner in policy.people else (incident.owner,)


def skip_failed_step(incident: Incident, rules: PolicyPair, now: datetime) -> Change:
    """Return the change after every delivery of the present step has failed for good: the next step is due at once.

    The last step and its repeats are never skipped: an outage must not use up the path.
    """
    draft = ChangeDraft(incident, rules, now)
    draft.record(AuditAction.STEP_FAILED, step=str(incident.step + 1))
    if incident.due_kind is DueKind.STEP and incident.step + 1 < len(draft.path):
        skip_repeats(draft)
        set_next_deadline(draft, at_once=True)
    return draft.to_change()


def make_deadline_due(incident: Incident, rules: PolicyPair, now: datetime) -> Change:
    """Return the incident with its deadline moved to now: the sandbox's 'fire the next step now'."""
    draft = ChangeDraft(incident, rules, now)
    if incident.due_at is not None:
        draft.set_deadline(incident.due_kind, now)
    return draft.to_change()
