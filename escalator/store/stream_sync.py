"""How far a source's queue has been read, and how reading it went; kept by source in `key_values`."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from escalator.encryption import digest
from escalator.store import key_values
from escalator.store.tables import key_values as table
from escalator.store.upserts import upsert

_MOST_CHARS = 48
_STATE, _CONNECTED = "stream_sync:", "connected:"


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far a source's queue is read.

    Stream's times: `connected_at`, of the first good answer; `watermark`, from when on the next run reads;
    `skipped_until`, behind an item that is too large to be read. By our clock: `ran_at`, when the last run without
    failure ended; `failing_since`. `failure` is why the last one failed; `skipped` counts items that were too large.
    `page_limit` is how many items are asked for at once, fewer after a page that took too long; None for the most.
    """

    connected_at: datetime | None = None
    watermark: datetime | None = None
    skipped_until: datetime | None = None
    skipped: int = 0
    ran_at: datetime | None = None
    failing_since: datetime | None = None
    failure: str = ""
    page_limit: int | None = None


_NO_TIMES = frozenset({"skipped", "failure", "page_limit"})


def name_for(prefix: str, source: str) -> str:
    """Return the name of a job or value of one source: 64 characters at most."""
    return f"{prefix}{source if len(source) <= _MOST_CHARS else digest(source.encode())[:_MOST_CHARS]}"


def get_state(connection: Connection, source: str) -> SyncState:
    """Return a source's state; nothing is in it for one whose queue was never read."""
    stored = key_values.get(connection, name_for(_STATE, source))
    connected = key_values.get(connection, name_for(_CONNECTED, source))
    values: dict[str, Any] = json.loads(stored) if stored else {}
    values = {name: value if name in _NO_TIMES else datetime.fromisoformat(value) for name, value in values.items()}
    return SyncState(**values, connected_at=datetime.fromisoformat(connected) if connected else None)


def record_connected(connection: Connection, source: str, at: datetime, now: datetime) -> None:
    """Record Stream's time of the first good answer; a later one changes nothing."""
    first = upsert(connection, table).values(key=name_for(_CONNECTED, source), value=at.isoformat(), updated_at=now)
    connection.execute(first.on_conflict_do_nothing())


def update_state(connection: Connection, source: str, now: datetime, **changes: Any) -> SyncState:
    """Change a source's state, but not `connected_at`, and return it."""
    state = replace(get_state(connection, source), **changes)
    values = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name in SyncState.__dataclass_fields__
        if name != "connected_at" and (value := getattr(state, name)) is not None
    }
    key_values.save(connection, name_for(_STATE, source), json.dumps(values), now)
    return state
