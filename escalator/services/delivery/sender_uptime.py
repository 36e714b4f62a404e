"""Since when senders run without a gap: time in which none ran is no delay of a destination."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from escalator.services.core.process_liveness import HEARTBEAT_S
from escalator.store import key_values

GAP = timedelta(seconds=2 * HEARTBEAT_S)
"""After so long without a running sender there is a gap: the database was frozen, the workers were down."""

_NAME = "senders_serve"
_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


def record_senders_up(connection: Connection, now: datetime) -> None:
    """Record that this process sends; after a gap, since now."""
    noted = key_values.get_with_time(connection, _NAME)
    since = now if noted is None or now - noted.updated_at > GAP else datetime.fromisoformat(noted.value)
    key_values.save(connection, _NAME, since.isoformat(), now)


def senders_up_since(connection: Connection, now: datetime) -> datetime | None:
    """Return since when senders run without a gap; None when none does; always, if it was never recorded."""
    noted = key_values.get_with_time(connection, _NAME)
    if noted is None:
        return _ALWAYS
    return None if now - noted.updated_at > GAP else datetime.fromisoformat(noted.value)
