"""Entries of the audit log: who did what, when, why. Keys and ids only, never content or free text (RULES 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class AuditAction(StrEnum):
    """The actions in the audit log."""

    OPENED = "incident.opened"
    EVENT_JOINED = "incident.event_joined"
    RECOVERED = "incident.recovered"
    STREAM_ASKED = "incident.stream_asked"
    NOT_IN_QUEUE = "incident.not_in_queue"
    CHANGED = "incident.changed"
    MOVED = "incident.moved"
    ROUND_STARTED = "incident.round_started"
    MERGED = "incident.merged"
    ACKNOWLEDGED = "incident.acknowledged"
    ANSWERED = "incident.answered"
    RELEASED = "incident.released"
    RESOLVED = "incident.resolved"
    SNOOZED = "incident.snoozed"
    SNOOZE_ENDED = "incident.snooze_ended"
    HANDED_OVER = "incident.handed_over"
    TAKEN_OVER = "incident.taken_over"
    GROUPED = "incident.grouped"
    GROUP_OPENED = "incident.group_opened"
    LEFT_GROUP = "incident.left_group"
    ESCALATED_NOW = "incident.escalated_now"
    STILL_ON_IT = "incident.still_on_it"
    REVEALED = "incident.revealed"
    REOPENED = "incident.reopened"
    NOTED = "incident.noted"
    REVIEW_NOTED = "incident.review_noted"
    STREAM_ACTION_PROPOSED = "stream_action.proposed"
    STREAM_ACTION_APPROVED = "stream_action.approved"
    STREAM_ACTION_REQUESTED = "stream_action.requested"
    STREAM_PART_DONE = "stream_action.part_done"
    STREAM_ACTION_DONE = "stream_action.done"
    STREAM_ACTION_FAILED = "stream_action.failed"
    STREAM_ACTION_ENDED = "stream_action.ended"
    STREAM_CONFIRMED = "stream_action.confirmed"
    STREAM_TOLD = "incident.escalated_in_stream"
    STREAM_NOT_TOLD = "incident.not_escalated_in_stream"
    VENDOR_NOTED = "incident.vendor_noted"
    REMINDED = "incident.reminded"
    OVERDUE = "incident.overdue"
    RESTARTED = "incident.restarted"
    AUTOMATION_STOPPED = "incident.automation_stopped"
    DEADLINE_PARKED = "incident.deadline_parked"
    REFUSED = "incident.act_refused"
    REDACTED = "incident.redacted"
    CONTENT_PURGED = "incident.content_purged"
    HELD = "incident.held"
    HOLD_LIFTED = "incident.hold_lifted"
    STEP_FIRED = "step.fired"
    STEP_REACHED_NOBODY = "step.reached_nobody"
    STEP_FAILED = "step.failed"
    STEP_SILENCED = "step.silenced"
    TARGET_MISSING = "target.missing"
    NOBODY_ON_CALL = "target.nobody_on_call"
    NOT_ALLOWED = "target.not_allowed"
    DELIVERED = "delivery.delivered"
    DELIVERY_FAILED = "delivery.failed"
    DELIVERY_SUPPRESSED = "delivery.suppressed"
    DELIVERY_LISTED = "delivery.listed"
    EVENT_PARKED = "event.parked"
    EVENT_READ = "event.read"
    DESTINATION_TESTED = "destination.tested"
    PERSON_LINKED = "person.linked"
    POLICY_ACTIVATED = "policy.activated"
    POLICY_REFUSED = "policy.refused"
    SHIFT_CHANGED = "shift.changed"
    SILENCE_BEGUN = "silence.begun"
    SILENCE_ENDED = "silence.ended"
    DRILL_STARTED = "drill.started"
    DRILL_PASSED = "drill.passed"
    DRILL_FAILED = "drill.failed"
    SIGNED_IN = "person.signed_in"
    SIGNED_OUT = "person.signed_out"
    INVITED = "person.invited"
    OVERRIDE_BEGUN = "override.begun"
    OVERRIDE_ENDED = "override.ended"
    TOKEN_MADE = "token.made"  # noqa: S105  # the word for it
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    EXPORTED = "audit.exported"
    TROUBLE_FOUND = "trouble.found"
    TROUBLE_ENDED = "trouble.ended"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: `kind` is person, stranger, stream, file or system; `key` is the policy's key or a vendor's id."""

    kind: str
    key: str


SYSTEM = Actor("system", "escalator")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One recorded action. `via` is where it came from: engine, a vendor, sandbox, stream, cli, file."""

    action: AuditAction
    actor: Actor = SYSTEM
    via: str = "engine"
    reason: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    incident_id: UUID | None = None
