"""Receives what Amazon SNS posts: events of a topic that the policy names, and the confirmation of its subscription."""

import structlog

from escalator.errors import InvalidEvent, TooLarge, Unauthorized, Unavailable
from escalator.model.message import Failed
from escalator.model.policy import Source
from escalator.services.core.context import Core
from escalator.services.intake.recent_policy import RecentPolicy
from escalator.services.intake.sns_certificates import SnsCertificates
from escalator.services.intake.store_event import (
    MAX_BODY_BYTES,
    IntakeResult,
    count_too_large,
    count_unauthorized,
    store_event,
)
from escalator.stream.queue_message import event_in
from escalator.stream.sns import SnsMessage, SnsType, read_message, verify_message

log = structlog.get_logger(__name__)


class SnsReceiver:
    """Receives SNS's requests for one process."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._policy = RecentPolicy(core)
        self._certificates = SnsCertificates(lambda url: core.vendors.sns.get(url))

    def receive(self, body: bytes) -> IntakeResult | None:
        """Store the event in a request's body; None for a message that is about the subscription.

        An event that cannot be read is kept for inspection and answered like any other, for SNS would send it again.
        Raises Unauthorized (nothing is stored) and Unavailable (SNS tries again).
        """
        try:
            message = read_message(body)
            source = self._source(message.topic_arn)
            self._verify(message)
        except Unauthorized:
            count_unauthorized(self._core)
            raise
        match message.type:
            case SnsType.NOTIFICATION:
                return self._store(source, message)
            case SnsType.SUBSCRIPTION:
                self._confirm(source, message)
            case SnsType.UNSUBSCRIBED:
                log.warning("sns_unsubscribed", source=source.name, topic=message.topic_arn)
        return None

    def _source(self, topic_arn: str) -> Source:
        for source in self._policy.sources():
            if self._core.expand(source.sns_topic or "") == topic_arn:
                return source
        raise Unauthorized("topic")

    def _verify(self, message: SnsMessage) -> None:
        if not message.has_own_certificate_url:
            raise Unauthorized("certificate address")
        verify_message(message, self._certificates.pem(message.certificate_url), self._core.clock.now())

    def _store(self, source: Source, message: SnsMessage) -> IntakeResult:
        try:
            return store_event(self._core, source.name, event_in(message.message, MAX_BODY_BYTES), message.message_id)
        except InvalidEvent:
            log.warning("sns_event_invalid", source=source.name, message=message.message_id)
        except TooLarge:
            count_too_large(self._core)
            log.warning("sns_event_too_large", source=source.name, message=message.message_id)
        return IntakeResult.IGNORED

    def _confirm(self, source: Source, message: SnsMessage) -> None:
        """Confirm the subscription by a call to the address that SNS sent; raises Unavailable on failure."""
        if not message.has_own_subscribe_url or message.subscribe_url is None:
            count_unauthorized(self._core)
            raise Unauthorized("address of the confirmation")
        answer = self._core.vendors.sns.get(message.subscribe_url)
        if isinstance(answer, Failed) or answer.status != 200:
            reason = answer.reason.value if isinstance(answer, Failed) else f"http_{answer.status}"
            raise Unavailable(f"the subscription to {message.topic_arn} cannot be confirmed ({reason})")
        log.info("sns_subscribed", source=source.name, topic=message.topic_arn)
