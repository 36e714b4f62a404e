"""The product's own processes and small facts: who is alive, what is due when, what was counted, what is known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, exists, func, select, update

from escalator.store.tables import counters, jobs, known, workers
from escalator.store.upserts import upsert


@dataclass(frozen=True, slots=True)
class Process:
    """One process of ours that is or was alive; `kind` is sweeper (a worker's main process), sender or web."""

    id: UUID
    kind: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime
    swept_at: datetime | None = None
    clock_offset_ms: int = 0
    broker_failure: str | None = None


def beat(connection: Connection, process: Process) -> None:
    """Renew a process' row. One that sweeps may also send: then its row stays a sweeper's."""
    values = {name: getattr(process, name) for name in Process.__dataclass_fields__}
    swept = ("kind", "swept_at", "clock_offset_ms") if process.swept_at else ()
    names = ("beat_at", "broker_failure", *swept)
    statement = upsert(connection, workers).values(**values)
    renewed = {name: values[name] for name in names}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=renewed))


def processes(connection: Connection, since: datetime) -> list[Process]:
    """Return the processes that have renewed their row since then."""
    rows = connection.execute(select(workers).where(workers.c.beat_at >= since).order_by(workers.c.started_at))
    return [Process(**row._mapping) for row in rows]


def last_beat(connection: Connection, kind: str) -> datetime | None:
    """Return when some process of that kind was last alive; None when there never was one."""
    found: datetime | None = connection.scalar(select(func.max(workers.c.beat_at)).where(workers.c.kind == kind))
    return found


def forget_processes(connection: Connection, before: datetime) -> None:
    """Delete the rows of processes long gone, but for the last of each kind: that there was one makes it missed."""
    later = workers.alias("later")
    has_later = exists().where(later.c.kind == workers.c.kind, later.c.beat_at > workers.c.beat_at)
    connection.execute(delete(workers).where(workers.c.beat_at < before, has_later))


def take_job(connection: Connection, name: str, now: datetime, every: timedelta) -> bool:
    """Whether a job that only one process should do is due now; if so, it is taken and due again after `every`."""
    connection.execute(
        upsert(connection, jobs).values(name=name, due_at=now).on_conflict_do_nothing(index_elements=["name"])
    )
    done = connection.execute(update(jobs).where(jobs.c.name == name, jobs.c.due_at <= now).values(due_at=now + every))
    return done.rowcount == 1


def finish_job(connection: Connection, name: str) -> None:
    """Let a job that was taken be taken again at once."""
    connection.execute(delete(jobs).where(jobs.c.name == name))


def count(connection: Connection, tally: Mapping[tuple[str, tuple[tuple[str, str], ...]], int]) -> None:
    """Add what a process has counted to the totals of all."""
    if not tally:
        return
    statement = upsert(connection, counters)
    statement = statement.on_conflict_do_update(
        index_elements=["name", "labels"], set_={"value": counters.c.value + statement.excluded.value}
    )
    rows = [
        {"name": name, "labels": json.dumps(labels), "value": value} for (name, labels), value in sorted(tally.items())
    ]
    connection.execute(statement, rows)


def totals(connection: Connection) -> list[tuple[str, dict[str, str], int]]:
    """Return every counter as (name, labels, value)."""
    rows = connection.execute(select(counters).order_by(counters.c.name, counters.c.labels))
    return [(row.name, dict(json.loads(row.labels)), row.value) for row in rows]


def remember(connection: Connection, name: str, value: str, at: datetime) -> None:
    """Keep a small fact, such as which workspace our token belongs to."""
    statement = upsert(connection, known).values(name=name, value=value, at=at)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value, "at": at}))


class Known(NamedTuple):
    """A small fact, and when it was last said."""

    value: str
    at: datetime


def recalled(connection: Connection, name: str) -> Known | None:
    """Return a small fact and when it was last said, if it is known."""
    row = connection.execute(select(known.c.value, known.c.at).where(known.c.name == name)).first()
    return None if row is None else Known(row.value, row.at)


def recall(connection: Connection, name: str) -> str | None:
    """Return a small fact, if it is known."""
    found: str | None = connection.scalar(select(known.c.value).where(known.c.name == name))
    return found
