"""Which events are handled (RULES 1), and which analyses are findings."""

from collections.abc import Mapping

from escalator.stream.text import normalized_word

REVIEW_QUEUE_ITEM_NEW = "review_queue_item.new"
REVIEW_QUEUE_ITEM_UPDATED = "review_queue_item.updated"
CUSTOM_ACTION = "moderation.custom_action"
RULE_TRIGGERED = "moderation_rule.triggered"
TEXT_ANALYSIS = "moderation.text_analysis.complete"
IMAGE_ANALYSIS = "moderation.image_analysis.complete"
ANALYSIS_FAILED = "moderation.analysis.failed"
MESSAGE_FLAGGED = "message.flagged"
USER_FLAGGED = "user.flagged"
USER_BANNED = "user.banned"
USER_UNBANNED = "user.unbanned"
CHECK_COMPLETED = "moderation_check.completed"
MODERATION_FLAGGED = "moderation.flagged"
MARK_REVIEWED = "moderation.mark_reviewed"
FLAG_UPDATED = "flag.updated"
MESSAGE_DELETED = "message.deleted"
MESSAGE_UNDELETED = "message.undeleted"
MESSAGE_UNBLOCKED = "message.unblocked"
CALL_PREFIX = "call.moderation_"
CALL_BLUR = "call.moderation_blur"
CALL_WARNING = "call.moderation_warning"
APPEAL_PREFIX = "appeal."
APPEAL_CREATED = "appeal.created"
APPEAL_ACCEPTED = "appeal.accepted"
APPEAL_REJECTED = "appeal.rejected"

ANALYSES = frozenset({TEXT_ANALYSIS, IMAGE_ANALYSIS})
WAITING = frozenset({CHECK_COMPLETED, MODERATION_FLAGGED})
ONLY_SHOWN = frozenset({MESSAGE_DELETED, MESSAGE_UNDELETED, MESSAGE_UNBLOCKED, USER_UNBANNED, FLAG_UPDATED})
_OPENING = frozenset(
    {
        REVIEW_QUEUE_ITEM_NEW,
        REVIEW_QUEUE_ITEM_UPDATED,
        CUSTOM_ACTION,
        RULE_TRIGGERED,
        ANALYSIS_FAILED,
        MESSAGE_FLAGGED,
        USER_FLAGGED,
        USER_BANNED,
        MARK_REVIEWED,
    }
)
_HANDLED = _OPENING | ANALYSES | WAITING | ONLY_SHOWN
_OF_FAMILIES = frozenset({CALL_BLUR, CALL_WARNING, APPEAL_CREATED, APPEAL_ACCEPTED, APPEAL_REJECTED})
NAMED = tuple(sorted(_HANDLED | _OF_FAMILIES))
"""Every handled type that is known by name; families may have more members."""
_KEEP = "keep"
_GRAVER_THAN_LOW = frozenset({"medium", "high", "critical"})


def is_call(event_type: str) -> bool:
    """Whether the event is about a call that Stream moderates."""
    return event_type.startswith(CALL_PREFIX)


def is_appeal(event_type: str) -> bool:
    """Whether the event is about an appeal."""
    return event_type.startswith(APPEAL_PREFIX)


def means_something(event_type: str) -> bool:
    """Whether events of this type may be handled: by name, or as one of a family."""
    return event_type in _HANDLED or is_call(event_type) or is_appeal(event_type)


def is_handled(event_type: str, body: Mapping[str, object]) -> bool:
    """Whether an event is stored completely and handled. Of all others only type, id, time and hash are stored."""
    if event_type == CHECK_COMPLETED:
        return normalized_word(body.get("recommended_action")) != _KEEP
    if event_type in ANALYSES:
        return has_finding(body)
    return means_something(event_type)


def has_finding(body: Mapping[str, object]) -> bool:
    """Whether an analysis has a finding, or is not clearly clean.

    Clean is only what Stream explicitly kept, without an error (`error`: "moderation couldn't be determined"), a
    label, or a severity above low. An analysis without verdicts is unknown, not clean.
    """
    sections = [body[name] for name in ("texts", "images") if body.get(name) is not None]
    return not sections or not all(_is_clean_section(section) for section in sections)


def _is_clean_section(section: object) -> bool:
    return isinstance(section, Mapping) and all(_is_clean(verdict) for verdict in section.values())


def _is_clean(verdict: object) -> bool:
    if not isinstance(verdict, Mapping) or normalized_word(verdict.get("action")) != _KEEP:
        return False
    finding_names = ("error", "classifications", "ocr_classifications")
    return normalized_word(verdict.get("severity")) not in _GRAVER_THAN_LOW and not any(
        verdict.get(name) for name in finding_names
    )
