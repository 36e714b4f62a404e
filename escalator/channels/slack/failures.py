"""Slack's answers: one table from its error words to our failure reasons (docs.slack.dev, by method)."""

import re
from collections.abc import Mapping

from escalator.channels.http import refused
from escalator.channels.rate_limits import retry_after
from escalator.model.message import Failed, FailureReason

BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
"""The error words after which the same message is tried once without its blocks."""

_BY_REASON: Mapping[FailureReason, tuple[str, ...]] = {
    FailureReason.RATE_LIMITED: ("ratelimited", "rate_limited", "message_limit_exceeded"),
    FailureReason.TIMEOUT: ("request_timeout",),
    FailureReason.VENDOR_ERROR: (
        "service_unavailable",
        "internal_error",
        "fatal_error",
        "team_added_to_org",
        "org_login_required",
        "accesslimited",
        "external_channel_migrating",
    ),
    FailureReason.BAD_CREDENTIALS: (
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "two_factor_setup_required",
        "ekm_access_denied",
        "enterprise_is_restricted",
    ),
    FailureReason.BAD_TARGET: (
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "messages_tab_disabled",
        "user_not_found",
        "users_not_found",
        "user_not_in_channel",
        "user_disabled",
        "cannot_dm_bot",
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "is_inactive",
        "thread_not_found",
        "cannot_reply_to_message",
        "expired_trigger_id",
        "invalid_trigger_id",
        "exchanged_trigger_id",
        "team_not_found",
    ),
    FailureReason.BAD_MESSAGE: (
        *sorted(BLOCKS_REFUSED),
        "msg_too_long",
        "no_text",
        "metadata_too_large",
        "too_many_attachments",
        "view_too_large",
    ),
}
_REASONS = {word: reason for reason, words in _BY_REASON.items() for word in words}
_BY_PREFIX = {"restricted_action": FailureReason.BAD_TARGET, "invalid_arg": FailureReason.BAD_MESSAGE}
_WORD = re.compile(r"[a-z][a-z0-9_]{1,60}")


def failure(status: int, word: object, headers: Mapping[str, str]) -> Failed:
    """Return the failure of an answer. `word` is Slack's `error`, and is kept only if it is a single word."""
    detail = word if isinstance(word, str) and _WORD.fullmatch(word) else ""
    known = _reason(detail)
    if status >= 500:
        return Failed(FailureReason.VENDOR_ERROR, detail or f"http_{status}")
    if status == 429:
        return refused(status, headers, detail=detail)
    if known is None and status != 200:
        # Slack itself answers with 200 and an error word. Any other answer is from a proxy, or a wrong URL.
        return refused(status, headers)
    reason = known or (FailureReason.UNKNOWN if detail else FailureReason.BAD_ANSWER)
    if reason is FailureReason.RATE_LIMITED:
        return Failed(reason, detail, retry_after(headers))
    return Failed(reason, detail or f"http_{status}")


def _reason(word: str) -> FailureReason | None:
    """Return the reason of an error word; None for an unknown one."""
    prefixed = (reason for prefix, reason in _BY_PREFIX.items() if word.startswith(prefix))
    return _REASONS.get(word) or next(prefixed, None)
