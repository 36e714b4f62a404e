"""The transaction that makes one claim, and what it returns."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.outbound.bulkheads import SenderThreads, ThreadReservation
from escalator.services.outbound.call import OutboundCall


@dataclass(frozen=True, slots=True)
class ClaimedCalls:
    """The calls that a process is to send now, and whether more may be claimed at once.

    `is_held_up`: others have locked all that is due; it may be claimed in a moment.
    """

    calls: tuple[OutboundCall, ...] = ()
    has_more: bool = False
    is_held_up: bool = False


@dataclass(frozen=True, slots=True)
class ClaimContext:
    """A transaction that claims up to `limit` calls; for each, `taking` takes one of the process' `threads`."""

    core: Core
    connection: Connection
    running: RunningPolicy
    now: datetime
    limit: int
    threads: SenderThreads
    taking: ThreadReservation

    @property
    def context(self) -> TransactionContext:
        """Return the transaction."""
        return TransactionContext(self.core, self.connection, self.running, self.now)

    @property
    def heartbeat_timeout(self) -> timedelta:
        """Return how long a process may miss its heartbeat before it counts as dead."""
        return self.core.heartbeat_timeout(self.now)
