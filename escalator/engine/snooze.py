"""Whether an incident may be snoozed, and for how long."""

from escalator.engine.permissions import Refusal, RefusalReason, is_withheld
from escalator.model.incident import Incident, State
from escalator.model.levels import Role, Severity
from escalator.model.policy import Person, Policy

SNOOZE_CHOICES_MIN = (15, 60)
LONGEST_SNOOZE_MIN = 24 * 60
MAX_SNOOZES_IN_A_ROW = 2


def snooze_refusal(incident: Incident, person: Person, minutes: int, policy: Policy) -> Refusal | None:
    """Return why somebody may not snooze it for so many minutes, or None when they may."""
    if incident.state is State.LOGGED:
        return Refusal(RefusalReason.NOT_NOW)
    if incident.state is State.SNOOZED:
        return Refusal(RefusalReason.ALREADY_TAKEN, by=incident.owner, at=incident.acknowledged_at)
    if is_withheld(incident, policy):
        return Refusal(RefusalReason.WITHHELD)
    if not _may_wait(minutes, person, incident.severity):
        return Refusal(RefusalReason.TOO_LONG)
    return Refusal(RefusalReason.TOO_OFTEN) if incident.snoozes >= MAX_SNOOZES_IN_A_ROW else None


def _may_wait(minutes: int, person: Person, severity: Severity) -> bool:
    """Whether that length is permitted: seniors choose up to a day; a critical incident waits 15 minutes at most."""
    if severity is Severity.CRITICAL:
        return minutes == SNOOZE_CHOICES_MIN[0]
    return minutes in SNOOZE_CHOICES_MIN or (person.role >= Role.SENIOR and 1 <= minutes <= LONGEST_SNOOZE_MIN)
