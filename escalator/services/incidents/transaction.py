"""The unit of work: one transaction that changes incidents; it sends and schedules after the commit."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from escalator.model.incident import CLOSED_STATES, Incident
from escalator.ports import CALL_STREAM, CLOSE_GROUPS, DELIVER
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.incidents.apply import AfterCommit, apply_decisions
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.group_membership import with_group_changes


@dataclass(slots=True)
class UnitOfWork:
    """An open transaction. What it applies is sent after the commit, and dropped on failure."""

    core: Core
    connection: Connection
    has_deliveries: bool = False
    has_ended_groups: bool = False
    _after_commit: list[AfterCommit] = field(default_factory=list)

    @property
    def has_something_to_send(self) -> bool:
        """Whether the changes so far create or update messages."""
        return any(after.claimed or after.has_more for after in self._after_commit)

    def apply(self, decisions: Sequence[Decision], running: RunningPolicy, now: datetime) -> None:
        """Write decisions about incidents that this transaction has locked or will create."""
        if decisions:
            context = TransactionContext(self.core, self.connection, running, now)
            all_decisions = with_group_changes(context, decisions)
            self._after_commit.append(apply_decisions(context, all_decisions))
            self.has_ended_groups |= any(_is_ended_group(decision.change.incident) for decision in all_decisions)

    def run_after_commit(self) -> None:
        """Send what this process has claimed; notify others of the rest."""
        for after in self._after_commit:
            self.core.sender_pool.send(after.claimed)
            for at in after.alarms:
                self.core.queue.publish_at(at)
        if self.has_ended_groups:
            self.core.queue.publish(CLOSE_GROUPS)
        if any(after.has_stream_calls for after in self._after_commit):
            self.core.queue.publish(CALL_STREAM)
        if self.has_deliveries or any(after.has_more for after in self._after_commit):
            self.core.queue.publish(DELIVER)

    def release_threads(self) -> None:
        """Release the threads taken for calls that were not committed."""
        for after in self._after_commit:
            self.core.sender_pool.release(call.lane for call in after.claimed)


def _is_ended_group(incident: Incident) -> bool:
    return incident.state in CLOSED_STATES and bool(incident.member_count)


@contextmanager
def unit_of_work(core: Core) -> Iterator[UnitOfWork]:
    """Yield a transaction; then commit and notify. Raises Unavailable."""
    work: UnitOfWork | None = None
    try:
        with core.database.writing() as connection:
            work = UnitOfWork(core, connection)
            yield work
    except BaseException:
        if work is not None:
            work.release_threads()
        raise
    if work is not None:
        work.run_after_commit()
