"""Takes the events of one source from a queue: a message is deleted only after its event is stored."""

from datetime import datetime, timedelta

import structlog

from escalator.channels.aws.queue import EventQueue, QueueMessage
from escalator.errors import InvalidEvent, TooLarge, Unavailable
from escalator.metrics import QUEUE_WAIT
from escalator.model.message import Failed
from escalator.ports import PROCESS_EVENTS
from escalator.rendering.probe_failures import probe_words
from escalator.rendering.push_text import words
from escalator.services.core.context import Core
from escalator.services.intake.store_event import MAX_BODY_BYTES, IntakeResult, count_too_large, store_event
from escalator.stream.queue_message import event_in

log = structlog.get_logger(__name__)

PATIENCE = timedelta(seconds=60)
"""For how long a queue may fail, and how long an event may wait in it, before that is a problem."""


class QueueReader:
    """Reads one queue, a batch at a time.

    A batch that the database cannot take is kept here and tried again, and nothing more is received meanwhile: every
    time that a queue hands out a message counts towards the number after which it gives it up.
    """

    def __init__(self, core: Core, source: str, queue: EventQueue) -> None:
        self._core = core
        self._source = source
        self._queue = queue
        self._waiting: list[QueueMessage] = []
        self._failure: tuple[datetime, Failed] | None = None
        self._is_known = False
        self._waited = timedelta(0)

    @property
    def problem(self) -> str | None:
        """Return what is wrong with the queue, in words; empty when nothing is, None while that is not known."""
        if self._failure is not None and self._core.clock.now() - self._failure[0] >= PATIENCE:
            return f"no event of {self._source} is read from its queue: {probe_words(self._failure[1])}"
        if self._waited >= PATIENCE:
            return f"events of {self._source} waited in their queue for {words(self._waited)}"
        return "" if self._is_known and self._failure is None else None

    def receive(self) -> bool:
        """Wait for messages, unless some are left to be stored; return False when the queue fails."""
        if self._waiting:
            return True
        received = self._queue.receive()
        if isinstance(received, Failed):
            self._failure = (self._failure[0] if self._failure else self._core.clock.now(), received)
            log.warning("queue_not_read", source=self._source, reason=received.reason.value, detail=received.detail)
            return False
        self._failure, self._is_known = None, True
        self._waited = timedelta(0)
        self._waiting = received
        return True

    def store(self) -> bool:
        """Store what was received and delete it from the queue; return False when something was not stored.

        What the database cannot take now is kept for the next call. What cannot be stored for another reason is left to
        the queue, which hands it out again later and gives it up in the end.
        """
        done: list[QueueMessage] = []
        is_down, is_new = False, False
        for message in self._waiting:
            try:
                is_new |= self._store(message) is IntakeResult.STORED
            except Unavailable as error:
                log.warning("queue_event_not_stored", source=self._source, reason=str(error))
                is_down = True
                break
            except Exception:  # one message must not hold up the others
                log.exception("queue_event_failed", source=self._source, message=message.id)
                continue
            done.append(message)
        attempted = len(self._waiting)
        self._waiting = [message for message in self._waiting if message not in done] if is_down else []
        if is_new:
            self._core.queue.publish(PROCESS_EVENTS)
        self._delete(done)
        return len(done) == attempted

    def _store(self, message: QueueMessage) -> IntakeResult | None:
        """Store the event of a message; None for what holds none, which is counted. Raises Unavailable."""
        result = None
        try:
            result = store_event(self._core, self._source, event_in(message.text, MAX_BODY_BYTES), message.id)
        except InvalidEvent:
            log.warning("queue_event_invalid", source=self._source, message=message.id)
        except TooLarge:
            count_too_large(self._core)
            log.warning("queue_event_too_large", source=self._source, message=message.id)
        if message.sent_at is not None:
            waited = max(timedelta(0), self._core.clock.now() - message.sent_at)
            self._waited = max(self._waited, waited)
            self._core.metrics.observe(QUEUE_WAIT, waited.total_seconds())
        return result

    def _delete(self, done: list[QueueMessage]) -> None:
        """Delete messages whose events are stored. One that stays comes again, and is then a duplicate."""
        failed = self._queue.delete([message.handle for message in done]) if done else None
        if failed is not None:
            log.warning("queue_not_deleted", source=self._source, reason=failed.reason.value, detail=failed.detail)
