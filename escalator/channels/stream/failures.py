"""What Stream's refusals mean: one table from its error codes to our reasons.

Codes: GetStream/stream-chat-python, docs/debugging_and_cli/api_errors_response.md. The error's `message` may quote what
was sent, so it is never kept; the code is.
"""

from collections.abc import Mapping

from escalator.channels.http import Answer, BadAnswer, json_object, refused
from escalator.model.message import Failed, FailureReason

_TOKEN_REFUSED = frozenset({2, 5, 40, 41, 42, 43})
"""The key, the secret or the token is wrong: another secret of the app may be the right one."""

_REASONS: Mapping[int, FailureReason] = {
    **dict.fromkeys(_TOKEN_REFUSED, FailureReason.BAD_CREDENTIALS),
    **dict.fromkeys((4, 6, 18, 19, 20, 21, 22, 24), FailureReason.BAD_MESSAGE),
    **dict.fromkeys((17, 70, 99), FailureReason.FORBIDDEN),
    -1: FailureReason.VENDOR_ERROR,
    9: FailureReason.RATE_LIMITED,
    16: FailureReason.BAD_TARGET,
    23: FailureReason.TIMEOUT,
    60: FailureReason.RATE_LIMITED,
}


def failure(answer: Answer) -> Failed:
    """Return why nothing was done. Where Stream itself did not answer (a proxy did), the status alone counts."""
    try:
        error = json_object(answer.body)
    except BadAnswer:
        error = {}
    code = error.get("code")
    if not isinstance(code, int) or isinstance(code, bool):
        return refused(answer.status, answer.headers)
    reason = FailureReason.BAD_MESSAGE if error.get("unrecoverable") is True else _REASONS.get(code)
    return refused(answer.status, answer.headers, reason, f"code_{code}")


def is_token_refused(failed: Failed) -> bool:
    """Whether another secret of the app may help."""
    return failed.reason is FailureReason.BAD_CREDENTIALS
