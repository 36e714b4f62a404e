"""How often somebody may try to sign in: by where they come from, and by the mail address that they name."""

from dataclasses import dataclass
from datetime import timedelta

from escalator.services.auth.sessions import token_digest
from escalator.services.core.context import Core
from escalator.store import login_attempts


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many tries within a time, of one key."""

    most: int
    within: timedelta


BY_ADDRESS = RateLimit(60, timedelta(minutes=10))
"""Of one network address: a whole office may begin its day behind one."""

BY_MAIL = RateLimit(3, timedelta(minutes=15))
"""Of one mail address: as many mails as can be lost before somebody looks elsewhere."""

KEPT_FOR = timedelta(days=1)


def record_attempt(core: Core, limit: RateLimit, subject: str) -> timedelta | None:
    """Note a try, and return None; for one too many, return after which time the next is taken. Raises Unavailable.

    `what` is kept as a digest: an address is personal, and nobody has to read it.
    """
    now, key = core.clock.now(), token_digest(subject)
    with core.database.writing() as connection:
        before = login_attempts.recent(connection, key, now - limit.within, limit.most)
        if len(before) >= limit.most:
            return before[-1] + limit.within - now
        login_attempts.add(connection, key, now)
    return None
