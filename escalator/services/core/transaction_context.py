"""The context of code within a transaction: one value instead of four parameters."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from escalator.model.policy import Policy
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy


@dataclass(frozen=True, slots=True)
class TransactionContext:
    """The process, the open connection, the running policy, and the time of the transaction."""

    core: Core
    connection: Connection
    running: RunningPolicy
    now: datetime

    @property
    def policy(self) -> Policy:
        """Return the running policy."""
        return self.running.policy
