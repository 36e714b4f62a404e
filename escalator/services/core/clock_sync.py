"""The database's time counts: each process measures how far its machine's clock is off."""

from datetime import datetime, timedelta

import structlog

from escalator.clock import Stopwatch, SystemClock
from escalator.services.core.context import Core
from escalator.store.database import database_now

log = structlog.get_logger(__name__)

_BIG_OFFSET = timedelta(seconds=1)
_PROMPT_S = 0.5
"""The server read its clock between query and answer; an answer that took longer than this is not used."""


def measure_clock_offset(core: Core, clock: SystemClock) -> timedelta:
    """Correct this machine's clock by PostgreSQL's, and return the offset. Raises Unavailable."""
    if core.database.is_sqlite:
        clock.follow()
        return clock.offset
    with core.database.probing() as connection:
        watch = Stopwatch()
        theirs: datetime = database_now(connection)
        took_s = watch.seconds()
    if took_s > _PROMPT_S:
        log.warning("clock_not_measured", took_s=took_s)
        return clock.offset
    before = clock.offset
    clock.follow(theirs + timedelta(seconds=took_s / 2))
    if abs(clock.offset) > _BIG_OFFSET or abs(clock.offset - before) > _BIG_OFFSET:
        log.warning("clock_offset", offset_s=clock.offset.total_seconds(), before_s=before.total_seconds())
    return clock.offset
