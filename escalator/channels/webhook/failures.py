"""The meaning of a receiver's status: only 2xx is a success; 410 means that it wants no more webhooks."""

from escalator.channels.http import Answer, refused
from escalator.model.message import Failed, FailureReason

_GONE = 410


def is_success(status: int) -> bool:
    """Whether a receiver has accepted it."""
    return 200 <= status < 300


def failure(answer: Answer) -> Failed:
    """Return why a receiver did not accept it."""
    return refused(answer.status, answer.headers, FailureReason.GONE if answer.status == _GONE else None)
