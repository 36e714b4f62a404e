"""Whether this process can use the broker: logged once when it no longer can and once when it can again.

The work never depends on the broker, so its failures are recorded here and not raised.
"""

from threading import Lock

import structlog

from escalator.clock import Stopwatch

log = structlog.get_logger(__name__)

FAILURE_LASTS_S = 15.0
"""For how long a failure is assumed to last. Users of the broker retry more often and note it again if it lasts."""

_LONGEST = 64


class BrokerState:
    """The last failure between this process and the broker."""

    def __init__(self, holds_s: float = FAILURE_LASTS_S) -> None:
        self._holds_s = holds_s
        self._failure = ""
        self._failed = Stopwatch()
        self._lock = Lock()

    def note(self, error: BaseException) -> None:
        """Note a failure. Never raises."""
        words = error_name(error)
        with self._lock:
            is_known = words == self._failure
            self._failure, self._failed = words, Stopwatch()
        if not is_known:
            log.warning("broker_failed", reason=words)

    def failure(self) -> str:
        """Return why the broker cannot be used now: the kind of error and its code, no more. Empty when it can."""
        with self._lock:
            failure = self._failure
            is_over = bool(failure) and self._failed.seconds() > self._holds_s
            if is_over:
                self._failure = ""
        if is_over:
            log.info("broker_works_again")
            return ""
        return failure


def error_name(error: BaseException) -> str:
    """Return the name of an error without its text: a reply may repeat what was sent.

    Redis begins an error with a code in capital letters (https://redis.io/docs/latest/develop/reference/protocol-spec/).
    """
    while error.__cause__ is not None:  # Celery's client wraps what Redis' own has raised
        error = error.__cause__
    kind = type(error).__name__
    code = str(error).partition(" ")[0]
    return (f"{kind} {code}" if code.isalpha() and code.isupper() else kind)[:_LONGEST]
