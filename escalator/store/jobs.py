"""Periodic jobs: each is run by one process at a time, and is due again after its interval."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from escalator.store.pipeline import changed_rows
from escalator.store.tables import jobs
from escalator.store.upserts import upsert


def claim_due(connection: Connection, name: str, now: datetime, every: timedelta) -> bool:
    """Whether a job for only one process is due now; if so, it is claimed and due again after `every`."""
    connection.execute(
        upsert(connection, jobs).values(name=name, due_at=now).on_conflict_do_nothing(index_elements=["name"])
    )
    claiming = update(jobs).where(jobs.c.name == name, jobs.c.due_at <= now).values(due_at=now + every)
    return changed_rows(connection, claiming) == 1


def is_due(connection: Connection, name: str, now: datetime) -> bool:
    """Whether a job is due or was never run; asked before `claim_due`, which writes."""
    due_at: datetime | None = connection.scalar(select(jobs.c.due_at).where(jobs.c.name == name))
    return due_at is None or due_at <= now


def waiting(connection: Connection, now: datetime) -> frozenset[str]:
    """Return the names of all jobs that are not due yet: one question, instead of a claim for each."""
    return frozenset(connection.scalars(select(jobs.c.name).where(jobs.c.due_at > now)))


def set_due(connection: Connection, name: str, due_at: datetime) -> None:
    """Let a claimed job be due again at another time than its claim says."""
    connection.execute(update(jobs).where(jobs.c.name == name).values(due_at=due_at))


def make_due(connection: Connection, name: str) -> None:
    """Make a claimed job due again at once."""
    connection.execute(delete(jobs).where(jobs.c.name == name))
