"""Conditions on events that never come: RULES 1 lists those that open or change an incident."""

from collections.abc import Iterator

from escalator.policy.draft import Draft
from escalator.policy.problems import Finding, quoted, remedy, warning
from escalator.policy.walk import found, pattern

_KNOWN = (
    "review_queue_item.new",
    "review_queue_item.updated",
    "moderation.custom_action",
    "moderation.flagged",
    "moderation.mark_reviewed",
    "moderation.text_analysis.complete",
    "moderation.image_analysis.complete",
    "moderation.analysis.failed",
    "moderation_check.completed",
    "moderation_rule.triggered",
    "message.flagged",
    "message.deleted",
    "message.undeleted",
    "message.unblocked",
    "user.flagged",
    "user.banned",
    "user.unbanned",
    "flag.updated",
    "call.moderation_warning",
    "call.moderation_blur",
    "appeal.created",
    "appeal.accepted",
    "appeal.rejected",
)
_FAMILIES = ("call.moderation_", "appeal.")
_PLACES = ("routes[].when.event[]", "routes[].unless.event[]", "feeds[].when.event[]")


def findings(draft: Draft) -> Iterator[Finding]:
    """Yield a warning for each event that opens and changes no incident."""
    for where in _PLACES:
        for place, event in found(draft.tree, pattern(where)):
            if isinstance(event, str) and event not in (*_KNOWN, "*") and not event.startswith(_FAMILIES):
                yield warning(place, f"{quoted(event)} opens or changes no incident", remedy(event, _KNOWN))
