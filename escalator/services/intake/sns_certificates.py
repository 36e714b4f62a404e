"""The certificates with which SNS signs, fetched from SNS when they are first needed, and kept."""

from collections import deque
from collections.abc import Callable
from threading import Lock
from time import monotonic

import structlog

from escalator.channels.http import Answer
from escalator.errors import Unauthorized, Unavailable
from escalator.model.message import Failed

log = structlog.get_logger(__name__)

MOST_KEPT = 16
MOST_FETCHES = 10
FETCHES_WITHIN_S = 60.0
"""Anybody can send a message that names another certificate: so many are fetched in so much time, and no more."""

_WAIT_S = 5.0
_BEGINNING = b"-----BEGIN CERTIFICATE-----"


class SnsCertificates:
    """Certificates by address, for one process. `get` is one bounded call."""

    def __init__(self, get: Callable[[str], Answer | Failed]) -> None:
        self._get = get
        self._kept: dict[str, bytes] = {}
        self._fetched_at: deque[float] = deque(maxlen=MOST_FETCHES)
        self._lock = Lock()

    def pem(self, url: str) -> bytes:
        """Return the certificate at an address that is SNS's own.

        Raises Unauthorized when there is none, and Unavailable when that cannot be known now: SNS tries again.
        """
        known = self._kept.get(url)
        if known is not None:
            return known
        if not self._lock.acquire(timeout=_WAIT_S):
            raise Unavailable("a certificate of SNS is being fetched")
        try:
            return self._kept.get(url) or self._fetch(url)
        finally:
            self._lock.release()

    def _fetch(self, url: str) -> bytes:
        now = monotonic()
        if len(self._fetched_at) == MOST_FETCHES and now - self._fetched_at[0] < FETCHES_WITHIN_S:
            raise Unavailable("too many certificates of SNS were asked for")
        self._fetched_at.append(now)
        answer = self._get(url)
        if isinstance(answer, Failed):
            raise Unavailable(f"a certificate of SNS cannot be fetched ({answer.reason.value})")
        if answer.status >= 500:
            raise Unavailable(f"a certificate of SNS cannot be fetched (http_{answer.status})")
        if answer.status != 200 or not answer.body.strip().startswith(_BEGINNING):
            raise Unauthorized("certificate")
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[url] = answer.body
        return answer.body
