"""Limits how often somebody may try to sign in, by client address and by the email address they enter."""

from dataclasses import dataclass
from datetime import timedelta

from escalator.services.auth.sessions import token_digest
from escalator.services.core.context import Core
from escalator.store import login_attempts


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many attempts in a time, of one key."""

    most: int
    within: timedelta


BY_ADDRESS = RateLimit(60, timedelta(minutes=10))
"""For one network address: a whole office may sign in from one."""

BY_MAIL = RateLimit(3, timedelta(minutes=15))
"""For one address: as many emails as can be lost before somebody looks elsewhere."""

KEPT_FOR = timedelta(days=1)


def record_attempt(core: Core, limit: RateLimit, subject: str) -> timedelta | None:
    """Record an attempt and return None; over the limit, return how long to wait. Raises Unavailable.

    `what` is stored as a digest: an address is personal data, and nobody has to read it.
    """
    now, key = core.clock.now(), token_digest(subject)
    with core.database.writing() as connection:
        before = login_attempts.recent(connection, key, now - limit.within, limit.most)
        if len(before) >= limit.most:
            return before[-1] + limit.within - now
        login_attempts.add(connection, key, now)
    return None
