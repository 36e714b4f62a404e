"""A note is shown in Slack once the answer to who wrote it has gone out."""

from concurrent.futures import Executor
from uuid import UUID

import structlog

from escalator.errors import Unavailable
from escalator.services.core.context import Core
from escalator.services.delivery.thread_notes import post_thread_notes

log = structlog.get_logger(__name__)


def publish_later(threads: Executor, core: Core, note: UUID) -> None:
    """Let one of these threads show a note where it may be shown; it is kept whatever becomes of that."""
    threads.submit(_publish, core, note)


def _publish(core: Core, note: UUID) -> None:
    try:
        post_thread_notes(core, note)
    except Unavailable as error:
        log.warning("note_not_shown", reason=str(error))
