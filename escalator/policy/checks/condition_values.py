"""Conditions on values that Stream never sends, or spells otherwise than the policy."""

from collections.abc import Iterator, Mapping

from escalator.model.conditions import comparable_form
from escalator.model.facts import normalized
from escalator.policy.draft import PolicyDraft
from escalator.policy.placeholders import has_placeholder
from escalator.policy.problems import PolicyFinding, TreePath, did_you_mean, make_warning, quoted
from escalator.policy.tree_walk import find_values, parse_pattern

_REPORTERS = ("automod", "user", "moderator", "admin", "velocity_filter", "api_integration")
_KINDS = ("text", "image", "video", "user", "call")
_ENTITY_TYPES = ("message", "user", "call", "stream:chat:v1:message", "stream:user", "stream:v1:user_profile")
_ACTIONS = (
    # What Stream's engines recommend.
    "keep", "flag", "mask", "mask_flag", "shadow", "remove", "bounce", "bounce_flag", "bounce_remove",
    # What moderators do (`submit_action`).
    "mark_reviewed", "delete_message", "delete_activity", "delete_comment", "delete_reaction", "ban", "custom",
    "unban", "restore", "delete_user", "delete_user_messages", "unblock", "block", "shadow_block", "unmask",
    "kick_user", "end_call", "reject_appeal", "escalate", "de_escalate", "bypass",
    # What rules do.
    "ban_user", "flag_user", "flag_content", "block_content", "shadow_content", "bounce_content",
    "bounce_flag_content", "bounce_remove_content", "mute_video", "mute_audio", "blur", "call_blur", "warning",
    "call_warning", "webhook_only",
)  # fmt: skip

_COMPLETE: Mapping[str, tuple[str, ...]] = {"reporter": _REPORTERS, "kind": _KINDS}
"""Conditions with a fixed set of values."""
_OPEN: Mapping[str, tuple[str, ...]] = {"action": _ACTIONS, "entity_type": _ENTITY_TYPES}
"""Conditions to which customers add values of their own, such as custom actions."""
_PLACES = ("routes[].when", "routes[].unless", "feeds[].when", "queues[].when")


def check_condition_values(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield a warning for each word that no event has, or that differs from Stream's in case or hyphens only."""
    for condition, words in (*_COMPLETE.items(), *_OPEN.items()):
        known = {comparable_form(condition, word) for word in words}
        for place, value in _texts_of(condition, draft):
            if value == "*" or has_placeholder(value) or comparable_form(condition, value) in known:
                continue
            alike = next((word for word in words if normalized(word) == normalized(value)), None)
            if alike is not None:
                what = f"{quoted(value)} is compared exactly, and Stream writes {quoted(alike)}"
                yield make_warning(place, what, f"write {alike}")
            elif condition in _COMPLETE:
                yield make_warning(
                    place, f"{quoted(value)} is not a value that Stream sends", did_you_mean(value, words)
                )


def _texts_of(condition: str, draft: PolicyDraft) -> Iterator[tuple[TreePath, str]]:
    for where in _PLACES:
        for place, value in find_values(draft.tree, parse_pattern(f"{where}.{condition}[]")):
            if isinstance(value, str):
                yield place, value
