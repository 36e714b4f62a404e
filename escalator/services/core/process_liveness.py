"""Process heartbeats: each process renews its row while it is alive."""

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Connection

from escalator.services.core.context import Core
from escalator.store import processes
from escalator.store.processes import Process

HEARTBEAT_S = 2.0
SENDER = "sender"
SWEEPER = "sweeper"
WEB = "web"
QUEUE_READER = "sqs"
KEEP_PROCESSES_FOR = timedelta(hours=1)


@lru_cache(maxsize=8)
def _process(process_id: UUID, kind: str, started_at: datetime) -> Process:
    return Process(process_id, kind, socket.gethostname()[:256], os.getpid(), started_at, started_at)


_started: dict[UUID, datetime] = {}


def record_heartbeat(
    core: Core,
    kind: str,
    swept_at: datetime | None = None,
    offset: timedelta = timedelta(0),
    more: Callable[[Connection, datetime], None] | None = None,
) -> None:
    """Renew this process' row; write `more` in the same transaction. Raises Unavailable."""
    now = core.clock.now()
    started_at = _started.setdefault(core.id, now)
    offset_ms = int(offset.total_seconds() * 1000)
    process = replace(
        _process(core.id, kind, started_at), last_heartbeat_at=now, last_sweep_at=swept_at, clock_offset_ms=offset_ms
    )
    process = replace(process, broker_failure=core.broker.failure() or None)
    with core.database.writing(durable=False) as connection:
        processes.beat(connection, process)
        if more is not None:
            more(connection, now)
