"""When a failed delivery is retried, and when it is given up."""

import random
from datetime import datetime, timedelta

from escalator.model.message import Failed, FailureReason
from escalator.store.deliveries import Delivery, DeliveryKind
from escalator.store.posted_messages import PostedMessage

UNKNOWN_TRIES = 5
_BACKOFF = (1, 2, 4, 8, 15, 30, 60)
_COPIES_BACKOFF = (5, 30, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600)
"""Seconds; a machine can wait, and one that is down for a day must not be asked every minute (Standard Webhooks)."""

_SHOWN_TO_MACHINES_BACKOFF = _COPIES_BACKOFF[:4]

_JITTER = 0.1


def is_permanent_failure(delivery: Delivery, failed: Failed, now: datetime) -> bool:
    """Whether a delivery that has just failed is not retried."""
    has_tried_enough = delivery.attempts + 1 >= UNKNOWN_TRIES
    if not failed.reason.is_retryable or (failed.reason is FailureReason.UNKNOWN and has_tried_enough):
        return True
    return retry_at(delivery, failed, now) >= delivery.expires_at


def retry_at(message: Delivery | PostedMessage, failed: Failed, now: datetime) -> datetime:
    """Return when to retry a failure: when the vendor says, else after a growing wait.

    The wait is up to a tenth longer or shorter, always the same for one retry, so not all come back at once.
    """
    if failed.retry_after is not None:
        return now + max(failed.retry_after, timedelta(seconds=1))
    waits = _waits(message)
    spread = random.Random(f"{message.id} {message.attempts}").uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # not a secret
    return now + timedelta(seconds=max(waits[min(message.attempts, len(waits) - 1)] * spread, 1))


def _waits(message: Delivery | PostedMessage) -> tuple[int, ...]:
    """Return the seconds to wait after each try. A page to a webhook is a page; its updates can wait."""
    if isinstance(message, Delivery):
        return _COPIES_BACKOFF if message.kind is DeliveryKind.COPY else _BACKOFF
    return _SHOWN_TO_MACHINES_BACKOFF if message.channel.about.is_for_machines else _BACKOFF
