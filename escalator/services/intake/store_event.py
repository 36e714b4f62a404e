"""Store an event, whichever way it came: the one place that decides what of it is kept."""

from dataclasses import replace
from enum import StrEnum

from uuid6 import uuid7

from escalator.encryption import digest
from escalator.errors import InvalidEvent
from escalator.metrics import EVENTS
from escalator.services.core.context import Core
from escalator.store.events import EventState, StoredEvent
from escalator.stream.envelope import EnvelopeKind, read_envelope
from escalator.stream.text import storable_text

MAX_BODY_BYTES = 8 * 1024 * 1024

_MAX_ID_CHARS = 128


class IntakeResult(StrEnum):
    """The result for an event whose sender is known."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


def store_event(core: Core, source: str, body: bytes, message_id: str) -> IntakeResult:
    """Store the uncompressed JSON bytes of an event; return the result once it is certain.

    `message_id` is the sender's own id of the message: kept, and never decides. Raises Unavailable (nothing is stored)
    and InvalidEvent (kept for inspection).
    """
    try:
        envelope = read_envelope(body)
    except InvalidEvent:
        _insert(core, _event(core, source, body, "", message_id, EventState.INVALID), body)
        core.metrics.count(EVENTS, source=source, type="", outcome="invalid")
        raise
    state = EventState.NEW if envelope.kind is EnvelopeKind.HANDLED else EventState.IGNORED
    event = replace(_event(core, source, body, envelope.type, message_id, state), queue=envelope.queue)
    is_new = _insert(core, event, body if state is EventState.NEW else None)
    result = IntakeResult.IGNORED if state is EventState.IGNORED else IntakeResult.STORED
    outcome = result if is_new else IntakeResult.DUPLICATE
    label = envelope.type if state is EventState.NEW else "other"
    core.metrics.count(EVENTS, source=source, type=label, outcome=outcome.value)
    return outcome


def count_too_large(core: Core) -> None:
    """Count an event that was refused for its size."""
    core.metrics.count(EVENTS, source="", type="", outcome="too_large")


def count_unauthorized(core: Core) -> None:
    """Count a request that is not from who it says."""
    core.metrics.count(EVENTS, source="", type="", outcome="unauthorized")


def _event(  # noqa: PLR0913  # each is a column
    core: Core, source: str, body: bytes, type_: str, message_id: str, state: EventState
) -> StoredEvent:
    return StoredEvent(
        id=uuid7(),
        source=source,
        sha256=digest(body),
        type=type_[:_MAX_ID_CHARS],
        received_at=core.clock.now(),
        state=state,
        webhook_id=storable_text(message_id)[:_MAX_ID_CHARS] or None,
    )


def _insert(core: Core, event: StoredEvent, body: bytes | None) -> bool:
    sealed = core.seal.seal(body) if body is not None else None
    return core.event_writer.insert(replace(event, sealed_body=sealed))
