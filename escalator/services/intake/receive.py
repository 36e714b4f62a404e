"""Receives a webhook: verify, store, answer. Nothing else happens here."""

from dataclasses import dataclass

from escalator.errors import TooLarge, Unauthorized
from escalator.model.policy import Source
from escalator.services.core.context import Core
from escalator.services.intake.recent_policy import RecentPolicy
from escalator.services.intake.store_event import (
    MAX_BODY_BYTES,
    IntakeResult,
    count_too_large,
    count_unauthorized,
    store_event,
)
from escalator.stream.signature import decompressed, verify


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
        self._policy = RecentPolicy(core)

    def receive(self, delivered: WebhookRequest) -> IntakeResult:
        """Store a webhook; return the result once it is certain.

        Raises Unauthorized, TooLarge, Unavailable (nothing is stored) and InvalidEvent (kept for inspection).
        """
        try:
            source = self._source(delivered.api_key)
            body = decompressed(delivered.body, MAX_BODY_BYTES)
            verify(body, delivered.signature, [self._core.expand(secret) for secret in source.api_secrets])
        except Unauthorized:
            count_unauthorized(self._core)
            raise
        except TooLarge:
            self.count_too_large()
            raise
        return store_event(self._core, source.name, body, delivered.webhook_id)

    def count_too_large(self) -> None:
        """Count a body that was refused for its size."""
        count_too_large(self._core)

    def _source(self, api_key: str) -> Source:
        for source in self._policy.sources():
            if self._core.expand(source.api_key) == api_key:
                return source
        raise Unauthorized("api key")
