"""Celery's task consumer, changed to survive any answer of the broker.

Celery 5.6 recovers from a lost connection, but every other error (an error reply to any command, a reply of the wrong
kind) ends the worker (`celery.worker.consumer.consumer.Consumer.start`, `celery.worker.loops.asynloop`).
Here every error is a lost connection: the connection is dropped and a new one is made,
which also leads to the new primary after a fail-over.
"""

import errno
import logging
from contextlib import suppress
from functools import partial
from threading import Event
from typing import Any

import structlog
from celery.exceptions import WorkerTerminate
from celery.worker import consumer
from celery.worker.state import maybe_shutdown

from escalator.clock import Stopwatch
from workers.process_context import worker_process

log = structlog.get_logger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 2.0
"""Pause between two attempts to consume. Celery counts more than five a second as a fault of the worker."""

SETTLED_S = 10.0
"""A consumer that has run for so long starts with the first pause again."""

_TICK_S = 0.1


class Consumer(consumer.Consumer):
    """Consumes tasks, and starts again after every error until the worker must end."""

    blueprint: Any
    connection: Any
    hub: Any
    _pending_operations: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What `start` recovers from, and what the steps ignore while they stop.
        self.connection_errors = (Exception,)
        self._pause_s = FIRST_PAUSE_S
        self._running = Stopwatch()
        # It would log "Connected" at every attempt; BrokerState logs once that the broker fails or works again.
        logging.getLogger("celery.worker.consumer.connection").setLevel(logging.WARNING)

    def connection_for_read(self, heartbeat: float | None = None) -> Any:
        """Return a new connection. It is stored first, so that one that fails half-way is closed too."""
        self.connection = self.app.connection_for_read(heartbeat=heartbeat)
        return self.ensure_connected(self.connection)

    def ensure_connected(self, conn: Any) -> Any:
        """Connect. Raises whatever the broker's client raises: `start` tries again."""
        # Celery's event loop lets these errors through and only logs others, every few seconds without end.
        conn.connection_errors = self.connection_errors
        self._running = Stopwatch()
        return conn.ensure_connection(max_retries=1, interval_start=0, interval_step=_TICK_S)

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Drop the connection and pause."""
        self._recover(exc)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Drop the connection and pause."""
        self._recover(exc)

    def _recover(self, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno == errno.EMFILE:
            raise WorkerTerminate(1) from error
        worker_process(self.app).core.broker.note(error)
        connection, self.connection = self.connection, None
        with suppress(Exception):
            connection.collect()
        self._pause_s = (
            FIRST_PAUSE_S if self._running.seconds() > SETTLED_S else min(2 * self._pause_s, LONGEST_PAUSE_S)
        )
        _wait(self._pause_s)

    def on_close(self) -> None:
        """Forget reserved tasks: those not acknowledged are delivered again."""
        try:
            super().on_close()
        except Exception:  # as in `start`
            log.exception("consumer_not_cleared")

    def shutdown(self) -> None:
        """End; an error of the broker must not stop an orderly shutdown."""
        for part in (self.perform_pending_operations, partial(self.blueprint.shutdown, self)):
            with suppress(Exception):
                part()

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Any:
        """Return the message handler. A message that cannot be acknowledged must not occupy a slot for ever.

        Celery logs such an error and continues, but counts the message as running until the next connection; after as
        many as there are processes the worker takes no more tasks. Here it is an error like any other.
        """
        handle = super().create_task_handler(*args, **kwargs)

        def on_message(message: Any) -> Any:
            message.ack_log_error = partial(_settle, message, message.ack)
            message.reject_log_error = partial(_settle, message, message.reject)
            return handle(message)

        return on_message

    def perform_pending_operations(self) -> None:
        """Acknowledge finished tasks, in the pools without an event loop."""
        while not self.hub and self._pending_operations:
            self._pending_operations.pop()()


def _settle(message: Any, how: Any, _logger: object, _errors: object, *arguments: Any) -> None:
    """Acknowledge or reject a message; raises the errors of the broker's client.

    The broker delivers a message of a lost connection again in any case.
    """
    if not message.channel.closed:
        how(*arguments)


def _wait(seconds: float) -> None:
    """Wait so long, or until the worker must end, which raises WorkerShutdown or WorkerTerminate."""
    watch, pause = Stopwatch(), Event()
    while watch.seconds() < seconds:
        maybe_shutdown()
        pause.wait(_TICK_S)
