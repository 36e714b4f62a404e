"""Receives a webhook: verify, store, answer. Nothing else happens here."""

from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock
from time import monotonic

from uuid6 import uuid7

from escalator.encryption import digest
from escalator.errors import InvalidEvent, TooLarge, Unauthorized, Unavailable
from escalator.metrics import EVENTS
from escalator.model.policy import Policy, Source
from escalator.policy import expand
from escalator.services.core.context import Core
from escalator.store import events
from escalator.store.events import EventState, StoredEvent
from escalator.stream.envelope import EnvelopeKind, read_envelope
from escalator.stream.signature import decompressed, verify
from escalator.stream.text import storable_text

MAX_BODY_BYTES = 8 * 1024 * 1024
_POLICY_FRESH_S = 1.0
_MAX_ID_CHARS = 128


class IntakeResult(StrEnum):
    """The result for a verified webhook."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request as received: raw body and the headers that matter."""

    body: bytes
    api_key: str
    signature: str
    webhook_id: str


class WebhookReceiver:
    """Receives Stream's webhooks for one process."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._lock = Lock()
        self._policy: Policy | None = None
        self._read_at = float("-inf")

    def receive(self, delivered: WebhookRequest) -> IntakeResult:
        """Store a webhook; return the result once it is certain.

        Raises Unauthorized, TooLarge, Unavailable (nothing is stored) and InvalidEvent (kept for inspection).
        """
        try:
            source = self._source(delivered.api_key)
            body = decompressed(delivered.body, MAX_BODY_BYTES)
            verify(body, delivered.signature, self._secrets(source))
        except Unauthorized:
            self._core.metrics.count(EVENTS, source="", type="", outcome="unauthorized")
            raise
        except TooLarge:
            self.count_too_large()
            raise
        return self._store(source.name, body, delivered.webhook_id)

    def count_too_large(self) -> None:
        """Count a body that was refused for its size."""
        self._core.metrics.count(EVENTS, source="", type="", outcome="too_large")

    def _store(self, source: str, body: bytes, webhook_id: str) -> IntakeResult:
        try:
            envelope = read_envelope(body)
        except InvalidEvent:
            self._insert(self._event(source, body, "", webhook_id, EventState.INVALID), body)
            self._core.metrics.count(EVENTS, source=source, type="", outcome="invalid")
            raise
        state = EventState.NEW if envelope.kind is EnvelopeKind.HANDLED else EventState.IGNORED
        event = replace(self._event(source, body, envelope.type, webhook_id, state), queue=envelope.queue)
        is_new = self._insert(event, body if state is EventState.NEW else None)
        result = IntakeResult.IGNORED if state is EventState.IGNORED else IntakeResult.STORED
        outcome = result if is_new else IntakeResult.DUPLICATE
        label = envelope.type if state is EventState.NEW else "other"
        self._core.metrics.count(EVENTS, source=source, type=label, outcome=outcome.value)
        return outcome

    def _event(self, source: str, body: bytes, type_: str, webhook_id: str, state: EventState) -> StoredEvent:
        return StoredEvent(
            id=uuid7(),
            source=source,
            sha256=digest(body),
            type=type_[:_MAX_ID_CHARS],
            received_at=self._core.clock.now(),
            state=state,
            webhook_id=storable_text(webhook_id)[:_MAX_ID_CHARS] or None,
        )

    def _insert(self, event: StoredEvent, body: bytes | None) -> bool:
        sealed = self._core.seal.seal(body) if body is not None else None
        with self._core.database.one_statement() as connection:
            return events.insert(connection, replace(event, sealed_body=sealed))

    def _source(self, api_key: str) -> Source:
        for source in self._running().sources.values():
            if api_key and expand(source.api_key, self._core.settings.environment) == api_key:
                return source
        raise Unauthorized("api key")

    def _secrets(self, source: Source) -> tuple[str, ...]:
        return tuple(expand(secret, self._core.settings.environment) for secret in source.api_secrets)

    def _running(self) -> Policy:
        """Return the running policy, about a second old, so that not every request queries the database.

        One request queries it, the others use the known one. Raises Unavailable.
        """
        if self._lock.acquire(blocking=self._policy is None):
            try:
                self._refresh()
            finally:
                self._lock.release()
        if self._policy is None:
            raise Unavailable("no policy is active yet")
        return self._policy

    def _refresh(self) -> None:
        if self._policy is not None and monotonic() - self._read_at <= _POLICY_FRESH_S:
            return
        self._read_at = monotonic()
        with self._core.database.reading() as connection:
            running = self._core.policies.running(connection)
        self._policy = running.policy if running else self._policy
