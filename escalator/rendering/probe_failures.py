"""Failures of `doctor`'s probes in words: why a vendor could not be reached, or what it refused."""

from escalator.model.message import Failed, FailureReason

_WHAT = {
    FailureReason.TIMEOUT: "cannot be reached: no answer in time",
    FailureReason.UNREACHABLE: "cannot be reached",
    FailureReason.RATE_LIMITED: "reached, but it limits how often we may call",
    FailureReason.PACED: "not asked: our own rate limit was reached",
    FailureReason.VENDOR_ERROR: "reached, but it returned an error",
    FailureReason.BAD_ANSWER: "reached, but its answer was not understood",
    FailureReason.BAD_CREDENTIALS: "reached, but the credentials were refused",
    FailureReason.BAD_TARGET: "the address was not accepted",
    FailureReason.BAD_MESSAGE: "reached, but it would refuse the message",
    FailureReason.NOT_CONFIGURED: "not configured",
    FailureReason.FORBIDDEN: "not asked: the address is not allowed",
    FailureReason.GONE: "reached, but the address is no longer valid",
    FailureReason.NOT_SUPPORTED: "not supported",
    FailureReason.NO_CONTACT: "no address",
    FailureReason.EXPIRED: "expired",
    FailureReason.UNKNOWN: "failed for an unknown reason",
}


NOBODY_ANSWERED = frozenset({FailureReason.TIMEOUT, FailureReason.UNREACHABLE})
"""There was no answer: neither token nor address was checked."""


def probe_words(failed: Failed) -> str:
    """Return `cannot be reached (unreachable: tls)`, `reached, but the credentials were refused (bad_credentials)`."""
    detail = f": {failed.detail}" if failed.detail else ""
    return f"{_WHAT[failed.reason]} ({failed.reason.value}{detail})"
