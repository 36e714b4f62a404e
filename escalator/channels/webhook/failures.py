"""What a receiver's status means. Only 2xx is a success, and only 410 says that nothing is to be sent any more."""

from escalator.channels.http import Answer, refused
from escalator.model.message import Failed, FailureReason

_GONE = 410


def is_success(status: int) -> bool:
    """Whether a receiver has taken it."""
    return 200 <= status < 300


def failure(answer: Answer) -> Failed:
    """Return why a receiver did not take it."""
    return refused(answer.status, answer.headers, FailureReason.GONE if answer.status == _GONE else None)
