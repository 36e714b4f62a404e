"""What a receiver's status means. Only 2xx is a success, and only 410 says that nothing is to be sent any more."""

from escalator.channels.http import REASONS, Answer, retry_after
from escalator.model.message import Failed, FailureReason

_BY_STATUS = {
    **REASONS,
    301: FailureReason.BAD_TARGET,
    308: FailureReason.BAD_TARGET,
    405: FailureReason.BAD_TARGET,
    410: FailureReason.GONE,
}


def is_success(status: int) -> bool:
    """Whether a receiver has taken it."""
    return 200 <= status < 300


def failure(answer: Answer) -> Failed:
    """Return why a receiver did not take it. A redirect is not followed: one for good is a wrong address."""
    return Failed(_reason(answer.status), f"http_{answer.status}", retry_after(answer.headers))


def _reason(status: int) -> FailureReason:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 400 <= status < 500:
        return FailureReason.BAD_MESSAGE
    return FailureReason.VENDOR_ERROR if status >= 500 else FailureReason.BAD_ANSWER
