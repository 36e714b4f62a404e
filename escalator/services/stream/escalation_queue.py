"""Whether an app of Stream shows what is escalated: its escalation queue may be off, and then nobody would see it."""

from datetime import timedelta

from escalator.channels.stream.app import read_app
from escalator.channels.stream.client import StreamApi
from escalator.encryption import digest
from escalator.model.message import Failed
from escalator.services.core.context import Core
from escalator.store import key_values

_KEPT = timedelta(minutes=10)
"""How long an answer counts, for all processes, so that a storm of incidents asks once."""
_ON, _OFF = "on", "off"


def is_escalation_queue_on(core: Core, source: str, api: StreamApi) -> bool | Failed:
    """Return whether the queue is on, asking Stream unless it was asked a moment ago. Raises Unavailable."""
    key = f"stream_escalation_queue:{digest(source.encode())}"
    with core.database.reading() as connection:
        known = key_values.get_with_time(connection, key)
    now = core.clock.now()
    if known is not None and abs(now - known.updated_at) < _KEPT:
        return known.value == _ON
    app = read_app(api)
    if isinstance(app, Failed):
        return app
    with core.database.writing() as connection:
        key_values.save(connection, key, _ON if app.has_escalation_queue else _OFF, now)
    return app.has_escalation_queue
