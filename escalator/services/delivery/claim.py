"""One claim: the transaction that makes it, and what it returns."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from escalator.services.core.context import Core
from escalator.services.core.policy_store import Running
from escalator.services.outbound.bulkheads import Taking, Threads
from escalator.services.outbound.call import ToSend


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a process is to send now, and whether there may be more to claim at once.

    `is_held_up` when others are deciding about all that is due: it may be claimed in a moment.
    """

    calls: tuple[ToSend, ...] = ()
    has_more: bool = False
    is_held_up: bool = False


@dataclass(frozen=True, slots=True)
class Claiming:
    """A transaction that claims up to `limit` calls; for each it takes one of the process' `threads` by `taking`."""

    core: Core
    connection: Connection
    running: Running
    now: datetime
    limit: int
    threads: Threads
    taking: Taking

    @property
    def silence(self) -> timedelta:
        """Return after which silence a process is taken for dead."""
        return self.core.silence_of_the_dead(self.now)
