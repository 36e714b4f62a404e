"""The product's own processes: their heartbeats, and which are alive."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, exists, func, select

from escalator.store.tables import processes
from escalator.store.upserts import upsert


@dataclass(frozen=True, slots=True)
class Process:
    """One process of ours that is or was alive; `kind` is sweeper (a worker's main process), sender, web or sqs."""

    id: UUID
    kind: str
    host: str
    pid: int
    started_at: datetime
    last_heartbeat_at: datetime
    last_sweep_at: datetime | None = None
    clock_offset_ms: int = 0
    broker_failure: str | None = None


def beat(connection: Connection, process: Process) -> None:
    """Renew a process's row. One that sweeps may also send: then its row stays a sweeper's."""
    values = {name: getattr(process, name) for name in Process.__dataclass_fields__}
    swept = ("kind", "last_sweep_at", "clock_offset_ms") if process.last_sweep_at else ()
    names = ("last_heartbeat_at", "broker_failure", *swept)
    statement = upsert(connection, processes).values(**values)
    renewed = {name: values[name] for name in names}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=renewed))


def alive_since(connection: Connection, since: datetime) -> list[Process]:
    """Return the processes that have renewed their row since then."""
    rows = connection.execute(
        select(processes).where(processes.c.last_heartbeat_at >= since).order_by(processes.c.started_at)
    )
    return [Process(**row._mapping) for row in rows]


def last_beat(connection: Connection, kind: str) -> datetime | None:
    """Return when a process of that kind was last alive; None if there never was one."""
    last: datetime | None = connection.scalar(
        select(func.max(processes.c.last_heartbeat_at)).where(processes.c.kind == kind)
    )
    return last


def delete_old(connection: Connection, before: datetime) -> None:
    """Delete the rows of processes long gone, except the last of each kind: its row shows that the kind is missing."""
    later = processes.alias("later")
    has_later = exists().where(
        later.c.kind == processes.c.kind, later.c.last_heartbeat_at > processes.c.last_heartbeat_at
    )
    connection.execute(delete(processes).where(processes.c.last_heartbeat_at < before, has_later))
